"""Tags of recordings: ID3, Vorbis comments, MP4, APEv2 and ASF by mutagen, and the list INFO of WAV."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import soundfile

from sottovoce.models.audio import tag_names
from sottovoce.models.audio.riff_info import read_info

Tags = dict[str, list[str]]
"""The values of each key; keys are those of Vorbis comments, in capitals."""

MISSING = "its tags are not carried over without mutagen: pip install 'sottovoce[formats]'"


def read_tags(file: BinaryIO) -> tuple[Tags, list[str]]:
    """Return the tags of a recording, and warnings.

    Pictures, lyrics and what is about the encoding of the recording are left out. Line breaks and other control
    characters become spaces.

    Parameters
    ----------
    file : file-like
        A recording in any format, open for reading and seekable.
    """
    found: Tags = {}
    warnings: list[str] = []
    pairs = [(key, value) for key, values in read_info(file).items() for value in values]
    try:
        import mutagen
    except ImportError:
        warnings += [MISSING] if not pairs and _has_tags(file) else []
    else:
        file.seek(0)
        try:
            recording = mutagen.File(_Unclosed(file))
            pairs += _pairs(recording.tags) if recording and recording.tags is not None else []
        except Exception as error:  # of any kind: broken tags are no reason not to encode the speech
            warnings.append(f"its tags cannot be read ({' '.join(str(error).split()) or type(error).__name__})")
    for name, text in pairs:
        key, value = _plain(name).upper(), _plain(text)
        if value and value not in tag_names.LITTER and _wanted(key) and value not in found.setdefault(key, []):
            found[key].append(value)
    return {key: values for key, values in found.items() if values}, warnings


class _Unclosed:
    """A file for mutagen, without its name, which for temporary files is a number."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    """Yield keys and values of the tags that mutagen found."""
    kind = type(tags).__name__
    if hasattr(tags, "getall"):  # ID3, in MP3, WAV, AIFF, AAC
        yield from _id3(tags)
    elif kind == "MP4Tags":
        yield from _mp4(tags)
    elif kind in ("APEv2", "ASFTags"):
        for key, value in tags.items():
            name = tag_names.OTHERS.get(key.upper(), "COMMENT" if kind == "ASFTags" and key == "Description" else key)
            for text in value if isinstance(value, list) else str(value).split("\0"):
                yield name, str(text)
    else:  # Vorbis comments
        for key, value in tags:
            yield tag_names.OTHERS.get(key.upper(), key), str(value)


def _id3(tags: Any) -> Iterator[tuple[str, str]]:
    for frame in tags.values():
        name = frame.FrameID
        if name in tag_names.ID3:
            texts = frame.genres if name == "TCON" else frame.text
            yield from ((tag_names.ID3[name], str(text)) for text in texts)
        elif name == "COMM" and not _about_encoding(frame.desc.upper()):
            yield from (("COMMENT", str(text)) for text in frame.text)
        elif name == "TXXX":
            yield from ((tag_names.OTHERS.get(frame.desc.upper(), frame.desc), str(text)) for text in frame.text)


def _mp4(tags: Any) -> Iterator[tuple[str, str]]:
    for atom, values in tags.items():
        name = tag_names.MP4.get(atom)
        if atom.startswith("----:"):
            own = atom.split(":", 2)[-1]
            yield from ((own, bytes(value).decode(errors="replace")) for value in values)
        elif atom in ("trkn", "disk"):
            yield from ((str(name), f"{number}/{total}" if total else str(number)) for number, total in values)
        elif name:
            yield from ((name, str(value)) for value in (values if isinstance(values, Sequence) else [values]))


def _wanted(key: str) -> bool:
    letters = bool(key) and all(" " <= one <= "}" and one != "=" for one in key)
    return letters and not _about_encoding(key) and key not in tag_names.NO_TEXT_EITHER


def _about_encoding(key: str) -> bool:
    return key.startswith(tag_names.NO_TEXT)


def _plain(text: str) -> str:
    """Return text on one line, without characters that disturb a terminal or cannot be written."""
    return " ".join(
        "".join(" " if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") else one for one in text).split()
    )


def _has_tags(file: BinaryIO) -> bool:
    """Return whether libsndfile finds tags, or the file is of a kind that it does not read and that may have some."""
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as sound:
            return any(key != "software" for key in sound.copy_metadata())
    except (soundfile.SoundFileError, OSError):
        return False
