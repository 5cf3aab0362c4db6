"""Recordings of a live stream, which are kept whatever ends it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import PacketWriter
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import writing
from sottovoce.codec.stream import StreamEncoder


class Recorder:
    """Records a live stream: ``input.wav``, ``stream.sotto`` and ``output.wav``.

    Parameters
    ----------
    microphone : WavWriter
        For the samples before the encoder.
    packets : BinaryIO
        For the packets before the link.
    decoded : WavWriter
        For the samples after the decoder.
    encoder : StreamEncoder
        Encoder of the packets.
    """

    def __init__(self, microphone: WavWriter, packets: BinaryIO, decoded: WavWriter, encoder: StreamEncoder) -> None:
        self._microphone, self._decoded = microphone, decoded
        self._file, self._encoder = packets, encoder
        self._packets: PacketWriter | None = None

    def write_input(self, wave: npt.NDArray[np.float32]) -> None:
        """Write samples of the microphone, [shape=(n,)]."""
        self._microphone.write(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))

    def write_packet(self, packet: bytes) -> None:
        """Write a packet."""
        self._begun().write(packet)

    def write_output(self, wave: npt.NDArray[np.int16]) -> None:
        """Write decoded samples, [shape=(n,)]."""
        self._decoded.write(wave)

    def close(self) -> None:
        """Write the end of the packets."""
        self._begun().close(self._encoder.samples)

    def _begun(self) -> PacketWriter:
        if self._packets is None:  # not earlier: a stream without sound leaves no file
            self._packets = PacketWriter(self._file, self._encoder.header)
        return self._packets


@contextmanager
def recording_to(folder: str, encoder: StreamEncoder, rate: int, *, force: bool = False) -> Iterator[Recorder]:
    """Record a stream. However it ends, the files are complete and are kept, unless there was no sound.

    Parameters
    ----------
    folder : str
        Made where it doesn't exist.
    encoder : StreamEncoder
        Encoder of the packets.
    rate : int
        Sample rate, Hz.
    force : bool
        Whether existing files are overwritten.
    """
    with ExitStack() as files:
        sinks = [
            files.enter_context(writing(str(Path(folder) / name), force=force, keep=True))
            for name in ("input.wav", "output.wav", "stream.sotto")
        ]
        microphone, decoded = (files.enter_context(WavWriter(sink, rate, None)) for sink in sinks[:2])
        recorder = Recorder(microphone, sinks[2], decoded, encoder)
        try:
            yield recorder
        except BaseException:
            if encoder.samples:
                recorder.close()
            raise
        recorder.close()
