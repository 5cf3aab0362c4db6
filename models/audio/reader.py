"""A recording as mono blocks at one sample rate, read to its end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.models.audio.channels import ChannelMix, ChannelStatistics
from sottovoce.models.audio.containers import find_links
from sottovoce.models.audio.links import ChainLink
from sottovoce.models.audio.resampling import Resampler, resampled_length
from sottovoce.models.audio.streams import open_link
from sottovoce.models.audio.tag_reader import Tags, read_tags
from sottovoce.models.audio.view import size_of
from sottovoce.models.errors import SottoError

AUDIO_SUFFIXES = frozenset(
    {".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".nist", ".oga", ".ogg", ".opus"}
    | {".rf64", ".bwf", ".snd", ".sph", ".voc", ".w64", ".wav", ".wave", ".wavex"}
    | {".3gp", ".aac", ".amr", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp4", ".webm", ".wma", ".wv"}
)
"""Suffixes of the files that are taken from a folder. A file that is named itself may have any."""


class TooLong(SottoError):
    """A recording is longer than the caller wants."""


@dataclass(frozen=True)
class _MixedLink:
    link: ChainLink
    rate: int
    mix: ChannelMix


class AudioReader:
    """A recording that is read in blocks.

    It is read twice: first to count the samples, as headers may be wrong, and to look at the channels.

    Parameters
    ----------
    file : file-like
        Open for reading by the operating system, seekable.
    sample_rate : int
        Hz of the blocks.
    most_seconds : float
        Length above which it is refused, without decoding more than that.

    Attributes
    ----------
    rate, channels : int
        Those of the file, or of the first recording in it.
    samples : int
        Length at `sample_rate`.
    warnings : list of str
        What is missing or wrong, a line each.

    Raises
    ------
    TooLong
        When it is longer than `most_seconds`.
    SottoError
        When it is not sound, is empty, or has samples that are not numbers.
    """

    def __init__(self, file: BinaryIO, sample_rate: int, *, most_seconds: float = math.inf) -> None:
        if not size_of(file):
            raise SottoError("the file is empty", "give a recording")
        self._file = file
        self._sample_rate = sample_rate
        self._most_seconds = most_seconds
        self._parts: list[_MixedLink] = []
        self.rate = self.channels = self.samples = 0
        found = find_links(file)
        self.warnings = found.warnings
        for number, link in enumerate(found.links):
            try:
                self._measure(link)
            except TooLong:
                raise
            except SottoError as error:
                if not self.samples:
                    raise
                self.warnings.append(f"only {number} of {len(found.links)} recordings in it were read: {error.reason}")
                break
        if not self.samples:
            raise SottoError("there are no samples in it", "give a recording")

    def tags(self) -> tuple[Tags, list[str]]:
        """Return the tags of the file, and warnings: see `read_tags`."""
        return read_tags(self._file)

    def _measure(self, link: ChainLink) -> None:
        with open_link(self._file, link) as stream:
            statistics = ChannelStatistics(stream.rate, stream.channels)
            self._check_length((stream.frames or 0) / stream.rate)
            for block in stream.blocks():
                statistics.push(block)
                self._check_length(statistics.frames / stream.rate)
            rate, channels, warnings = stream.rate, stream.channels, stream.warnings
        if not statistics.frames:
            return
        Resampler(rate, self._sample_rate)  # refuses odd rates
        if not self._parts:
            self.rate, self.channels = rate, channels
        mix = statistics.mix()
        self._parts.append(_MixedLink(link, rate, mix))
        self.warnings += [line for line in (*warnings, *mix.warnings) if line not in self.warnings]
        self.samples += resampled_length(statistics.frames, rate, self._sample_rate)

    def _check_length(self, seconds: float) -> None:
        if self.samples / self._sample_rate + seconds > self._most_seconds:
            raise TooLong(f"more than {self._most_seconds:g} s of sound", "cut it")

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        for part in self._parts:
            resampler = Resampler(part.rate, self._sample_rate)
            with open_link(self._file, part.link) as stream:
                for block in stream.blocks():
                    yield resampler.push(part.mix(block))
            yield resampler.finish()
