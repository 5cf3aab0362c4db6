"""Tags such as TITLE and ARTIST, in the metadata of a file's header."""

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sottovoce.codec.bits.header import METADATA_LIMIT
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import reading
from sottovoce.models.audio import tag_reader

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def read_tags(recording: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Return the tags of a recording: ID3, Vorbis comments, MP4, APEv2, ASF, and the list INFO of WAV.

    Pictures, lyrics and what is about its encoding are left out. All but INFO need mutagen, which
    ``sottovoce[formats]`` installs.

    Parameters
    ----------
    recording : path

    Returns
    -------
    dict of str to list of str
        The values of each key, as `Codec.encode` takes them.

    Raises
    ------
    SottoError
        When the file cannot be read.
    """
    name = os.fspath(recording)
    with reading(name) as file:
        return tag_reader.read_tags(file)[0]


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


def with_own(own: Mapping[str, Sequence[str]], metadata: bytes | None) -> tuple[bytes | None, list[str]]:
    """Add to metadata the tags that a recording has of its own.

    Parameters
    ----------
    own : mapping of str to sequence of str
        Tags of the recording, in the form that `pack` takes.
    metadata : bytes or None
        What `pack` returned: its keys replace those of the recording.

    Returns
    -------
    bytes or None
        Metadata of both. If that is too long, the longest tags of the recording are left out.
    list of str
        Warnings that name what was left out.
    """
    given = unpack(metadata)
    replaced = {key.upper() for key in given}
    kept = {key: values for key, values in own.items() if key.upper() not in replaced}
    left_out = []
    while sum(len(line.encode()) + 1 for line in lines({**kept, **given})) > METADATA_LIMIT and kept:
        longest = max(kept, key=lambda key: sum(len(value.encode()) for value in kept[key]))
        del kept[longest]
        left_out.append(f"the tag {longest} is too long, and left out")
    return pack(lines({**kept, **given})), left_out


def merged(all_tags: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    """Return the tags of several files together: each value of a key once, in the order of the files."""
    found: dict[str, list[str]] = {}
    for tags in all_tags:
        for key, values in tags.items():
            known = found.setdefault(key, [])
            known += [value for value in values if value not in known]
    return found


def _is_key(text: str) -> bool:
    return bool(text) and all(" " <= c <= "}" for c in text)


def _shown(text: str) -> str:
    """Replace control characters and surrogates, which would disturb a terminal or cannot be written."""
    return "".join(_REPLACEMENT if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
