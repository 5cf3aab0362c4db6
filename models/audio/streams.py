"""Decoded blocks of one recording: by libsndfile, and by PyAV (FFmpeg) what that does not read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from sottovoce.models.audio.links import ChainLink
from sottovoce.models.audio.view import FileView, read_at, size_of
from sottovoce.models.errors import SottoError

_BLOCK = 1 << 18
"""Samples that are read at once, all channels together."""

_FLAC_BLOCK = 4096
"""The same of FLAC, per channel: where it is cut, what was read of the last block is lost."""


class AudioStream(Protocol):
    """Blocks of a recording; what went wrong is in `warnings` after the last one.

    Attributes
    ----------
    rate, channels : int
    frames : int or None
        Length according to the file.
    warnings : list of str
    """

    rate: int
    channels: int
    frames: int | None
    warnings: list[str]

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield blocks (n, channels) of full scale 1; floats may exceed it."""
        ...


class _EndlessSoundFile(soundfile.SoundFile):
    """A file that is read to its end, not to the length in its header, which may be unknown."""

    def seekable(self) -> bool:
        return False


class SoundfileStream:
    """A recording that libsndfile decodes."""

    def __init__(self, sound: soundfile.SoundFile) -> None:
        self._sound = sound
        self.rate, self.channels = sound.samplerate, sound.channels
        self.frames = sound.frames if sound.frames < 1 << 60 else None
        self.warnings: list[str] = []

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield blocks (n, channels)."""
        flac = self._sound.format == "FLAC"
        size = _FLAC_BLOCK if flac else max(1, _BLOCK // self.channels)
        count = 0
        try:
            while len(block := self._sound.read(size, dtype="float32", always_2d=True)):
                count += len(block)
                yield block
        except soundfile.LibsndfileError:
            if not count:
                raise
            self.warnings.append(f"it is damaged after {count / self.rate:.2f} s; only what is before that was read")
            return
        if self.frames and count < self.frames:
            missing = (self.frames - count) / self.rate
            self.warnings.append(f"it was cut off: {missing:.2f} of {self.frames / self.rate:.2f} s are missing")


class AvStream:
    """A recording that PyAV decodes: the first sound in the file."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._stream = container.streams.audio[0]
        self.rate = self._stream.rate
        self.channels = self._stream.codec_context.channels
        self.frames: int | None = None
        self.warnings: list[str] = []

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield blocks (n, channels)."""
        import av

        form: Any = None
        damaged = 0
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                now = frame.format.name, frame.layout.name, frame.sample_rate
                if now != form:
                    form = now
                    layout = frame.layout if len(frame.layout.channels) == self.channels else self._stream.layout
                    convert = av.AudioResampler("fltp", layout, self.rate)
                for piece in convert.resample(frame):
                    yield np.ascontiguousarray(piece.to_ndarray().T, np.float32)
        if form:
            for piece in convert.resample(None):
                yield np.ascontiguousarray(piece.to_ndarray().T, np.float32)
        if damaged:
            self.warnings.append(f"{damaged} damaged packets in it were skipped")


@contextmanager
def open_link(file: BinaryIO, link: ChainLink) -> Iterator[AudioStream]:
    """Open a recording in a file.

    Parameters
    ----------
    file : file-like
        Open for reading by the operating system, seekable.
    link : ChainLink

    Raises
    ------
    SottoError
        When it is not sound, or in a format that needs PyAV where that is not installed.
    """
    try:
        sound = _open_soundfile(file, link)
    except soundfile.LibsndfileError as error:
        with _open_av(file, error) as stream:
            yield stream
        return
    with reading_sound(), sound:
        yield SoundfileStream(sound)


@contextmanager
def reading_sound() -> Iterator[None]:
    """Turn what libsndfile cannot read inside into a line for the user."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        raise _unreadable(error.error_string) from error


def _open_soundfile(file: BinaryIO, link: ChainLink) -> soundfile.SoundFile:
    if link.pieces:
        return _EndlessSoundFile(FileView(file, link.pieces))
    # By its descriptor and not by name: the contents decide the format, whatever the suffix is.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    kind = _EndlessSoundFile if link.kind == "FLAC" else soundfile.SoundFile
    return kind(file.fileno(), closefd=False)


@contextmanager
def _open_av(file: BinaryIO, error: soundfile.LibsndfileError) -> Iterator[AudioStream]:
    start = _start_of(file)
    if not _looks_compressed(start):
        raise _unreadable(error.error_string) from error
    try:
        import av
    except ImportError:
        raise SottoError(
            f"no sound that can be read without PyAV ({error.error_string.strip().rstrip('.')})",
            "pip install 'sottovoce[formats]', or convert it to WAV, FLAC, Ogg or MP3",
        ) from error
    try:
        container = av.open(FileView(file, [(0, size_of(file))]))
    except (av.FFmpegError, ValueError) as failure:
        raise _unreadable(str(failure)) from failure
    with container:
        if not container.streams.audio or not container.streams.audio[0].rate:
            raise SottoError("there is no sound in it", "give a recording")
        try:
            yield AvStream(container)
        except av.FFmpegError as failure:
            raise _unreadable(str(failure)) from failure


def _start_of(file: BinaryIO) -> bytes:
    return read_at(file, 0, 4096)


def _looks_compressed(start: bytes) -> bool:
    """Return whether a file is not text, and worth a look by FFmpeg, which takes much for sound that is none."""
    return any(
        (
            start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"),  # MP4, M4A, QuickTime, 3GP
            start.startswith((b"\x1aE\xdf\xa3", b"\x30\x26\xb2\x75", b"OggS", b"RIFF", b"caff", b"fLaC")),  # MKV, ASF
            start.startswith((b"#!AMR", b"MAC ", b"wvpk", b"TTA1", b"FLV", b"DSD ", b"\x0b\x77", b"ADIF", b"ID3")),
            len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0,  # AAC in ADTS
            start[:1] == b"G" and start[188:189] == b"G",  # MPEG transport stream
            start.startswith((b"\0\0\x01\xba", b"TAK")),
        )
    )


def _unreadable(why: str) -> SottoError:
    reason = f"no sound that can be read ({why.strip().rstrip('.')})"
    return SottoError(reason, "give a recording such as WAV, FLAC, Ogg or MP3")
