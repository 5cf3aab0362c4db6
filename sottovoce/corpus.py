"""Encode and decode corpora on a cluster, with the extra ``cluster``.

Examples
--------
>>> from sottovoce import corpus
>>> result = corpus.encode("s3://calls/2026", "s3://calls-small/2026", cluster="tcp://scheduler:8786")  # doctest: +SKIP
>>> result.done, result.failed  # doctest: +SKIP
(120000, 3)
"""

from sottovoce.codec.corpus.api import RunSummary, decode, encode
from sottovoce.codec.corpus.manifest import ManifestRow

__all__ = ["ManifestRow", "RunSummary", "decode", "encode"]
