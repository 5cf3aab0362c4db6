"""Files of tokens to WAV."""

import os
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_failure, as_line
from sottovoce.cli.support.search import Search
from sottovoce.cli.support.shards import Shard
from sottovoce.codec.corpus.records import TokenRecord
from sottovoce.codec.corpus.token_files import SUFFIXES, read_tokens
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import reading, writing
from sottovoce.codec.models import by_name
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.offline.tokens import decode_tokens
from sottovoce.models.release import Release


def decode_files(
    inputs: Iterable[str],
    output: str,
    console: Console,
    shard: Shard,
    *,
    model: str,
    seed: int,
    recursive: bool,
    force: bool,
) -> int:
    """Decode all recordings in files of tokens to WAV files below a folder.

    Returns
    -------
    int
        The exit status: 0, or 1 when some of them failed.
    """
    known, failed = by_name(model), 0
    wanted = frozenset(SUFFIXES.values())
    files = Search(wanted, recursive, console.note).files_of(list(inputs))
    for number, record in enumerate(_records(files)):
        if number % shard.count != shard.number - 1:
            continue
        try:
            target = _target(output, record)
            _decode(record, target, known, seed, force=force)
        except Exception as error:
            failed += 1
            console.error(as_line(as_failure(error, record.path)))
            console.document({"file": record.path, "error": str(error)})
            continue
        console.result(row(record.path, record.tokens.seconds))
        console.document({"file": record.path, "output": target, "seconds": record.tokens.seconds})
    return 1 if failed else 0


def _records(files: Iterable[str]) -> Iterator[TokenRecord]:
    for name in files:
        with reading(name) as file:
            yield from read_tokens(file, os.path.splitext(name)[1].lower())


def _target(output: str, record: TokenRecord) -> str:
    """Return the output of a recording, which is below the folder whatever its path is."""
    path = PurePosixPath(record.path)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise SottoError("its path leads out of the output folder", "give what `sotto tokens` wrote")
    return os.path.join(output, *path.with_suffix(".wav").parts)


def _decode(record: TokenRecord, target: str, known: Release, seed: int, *, force: bool) -> None:
    wave, rate = decode_tokens(record.tokens, DecodeOptions(seed), known)
    with writing(target, force=force) as sink, WavWriter(sink, rate, len(wave)) as wav:
        wav.write((wave * 32768).astype("int16"))
