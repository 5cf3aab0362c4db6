"""Codecs of other packages, by the entry point group ``sottovoce.peers``.

The name of an entry point is that of the codec, such as "mycodec:6k", and its object a callable without arguments that
returns a `Peer`, and raises `MissingProgram` where something is not installed::

    [project.entry-points."sottovoce.peers"]
    "mycodec:6k" = "mycodec.sotto:peer"
"""

from importlib.metadata import EntryPoint, entry_points

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers.base import Peer

GROUP = "sottovoce.peers"


def plugins() -> dict[str, EntryPoint]:
    """Return the entry points by the names of the codecs."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load(point: EntryPoint) -> Peer:
    """Return the codec of an entry point.

    Raises
    ------
    MissingProgram
        When something that it needs is not installed.
    SottoError
        When its module can't be imported.
    """
    try:
        make = point.load()
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist else point.value
        raise SottoError(f"the codec {point.name} can't be loaded ({error})", f"install {package} again") from error
    peer: Peer = make()
    return peer
