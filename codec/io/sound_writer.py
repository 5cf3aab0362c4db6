"""Decoded speech to compressed recordings: FLAC, Ogg Vorbis, Opus and MP3."""

import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.tag_writer import write_tags

_FORMATS = {
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Container and encoding of each suffix, as libsndfile names them."""


def _written(suffix: str) -> bool:
    container, encoding = _FORMATS[suffix]
    return container in soundfile.available_formats() and encoding in soundfile.available_subtypes(container)


WRITTEN_SUFFIXES = (".wav", *filter(_written, _FORMATS))
"""Suffixes of the formats that can be written; which ones depends on the version of libsndfile."""


def sound_suffix(name: str) -> str:
    """Return the suffix of a file whose format `SoundWriter` writes, or ``.wav`` for any other name."""
    suffix = os.path.splitext(name)[1].lower()
    return suffix if suffix in WRITTEN_SUFFIXES else ".wav"


class SoundWriter:
    """Writes 16-bit mono samples as a compressed recording.

    Parameters
    ----------
    file : file-like
        A file of the operating system, open for writing; it stays open.
    sample_rate : int
        Hz.
    suffix : str
        One of `WRITTEN_SUFFIXES` other than ``.wav``.
    tags : mapping of str to sequence of str, optional
        Tags, which are written at the end, by mutagen.

    Attributes
    ----------
    tagged : bool
        Whether the tags, if there are any, could be written.

    Raises
    ------
    SottoError
        When the file is a pipe.
    """

    def __init__(
        self, file: BinaryIO, sample_rate: int, suffix: str, tags: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        if not file.seekable():
            raise SottoError(f"{suffix} cannot be written to a pipe", "choose WAV, or a file")
        container, encoding = _FORMATS[suffix]
        self._file, self._suffix, self._tags = file, suffix, tags
        self.tagged = True
        own = os.dup(file.fileno())  # so that it can be closed later than the file, after an error
        self._sound = soundfile.SoundFile(own, "w", sample_rate, channels=1, format=container, subtype=encoding)

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Add samples."""
        self._sound.write(wave)

    def close(self) -> None:
        """Write what is still to be written."""
        self._sound.close()
        if self._tags:
            self.tagged = write_tags(os.fspath(self._file.name), self._suffix, self._tags)
