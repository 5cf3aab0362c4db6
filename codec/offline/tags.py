"""Tags such as TITLE and ARTIST, in the metadata of a file's header."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sottovoce.codec.bits.header import METADATA_LIMIT
from sottovoce.codec.errors import SottoError

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def lines(tags: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    """Yield the lines KEY=value of tags, each of which has one or more values."""
    for key, values in tags.items():
        for value in [values] if isinstance(values, str) else values:
            yield f"{key}={value}"


def pack(tags: Iterable[str]) -> bytes | None:
    """Return the metadata that holds tags, one per line, or None if there are none.

    Parameters
    ----------
    tags : iterable of str
        Each KEY=value: a key has one or more printable ASCII characters, as in Vorbis comments, and a value anything
        but control characters. A key may come several times.

    Raises
    ------
    SottoError
        When a tag has another form, or all together are longer than 64 KiB.
    """
    lines = list(tags)
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals or not _is_key(key):
            raise SottoError(f"no tag: {_shown(line)!r}", 'give KEY=value, such as TITLE="A talk"')
        if value != _shown(value):
            raise SottoError(f"the tag {key} has control characters or isn't Unicode", "give one line of text")
    packed = "\n".join(lines).encode()
    if len(packed) > METADATA_LIMIT:
        raise SottoError(f"tags of {len(packed)} bytes", f"give at most {METADATA_LIMIT}")
    return packed or None


def unpack(metadata: bytes | None) -> dict[str, list[str]]:
    """Return the tags in metadata of any kind: the values of each key, with control characters replaced.

    Lines that are not tags are left out.
    """
    found: dict[str, list[str]] = {}
    for line in (metadata or b"").decode(errors="replace").split("\n"):
        key, equals, value = line.partition("=")
        if equals and _is_key(key):
            found.setdefault(key, []).append(_shown(value))
    return found


def _is_key(text: str) -> bool:
    return bool(text) and all(" " <= c <= "}" for c in text)


def _shown(text: str) -> str:
    """Replace control characters and surrogates, which would disturb a terminal or cannot be written."""
    return "".join(_REPLACEMENT if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
