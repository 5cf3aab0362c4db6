"""What was said, sent and heard, kept in a folder."""

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
    said, heard : WavWriter
        Microphone and decoded speech.
    sent : file-like
        Gets the packets.
    encoder : StreamEncoder
        Whose packets they are.
    """

    def __init__(self, said: WavWriter, sent: BinaryIO, heard: WavWriter, encoder: StreamEncoder) -> None:
        self._said, self._heard = said, heard
        self._file, self._encoder = sent, encoder
        self._sent: PacketWriter | None = None

    def said(self, wave: npt.NDArray[np.float32]) -> None:
        """Record what the microphone gave."""
        self._said.write(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))

    def sent(self, packet: bytes) -> None:
        """Record a packet, as it was before the link."""
        self._begun().write(packet)

    def heard(self, wave: npt.NDArray[np.int16]) -> None:
        """Record what was decoded."""
        self._heard.write(wave)

    def close(self) -> None:
        """Write the end of the packets."""
        self._begun().close(self._encoder.samples)

    def _begun(self) -> PacketWriter:
        if self._sent is None:
            self._sent = PacketWriter(self._file, self._encoder.header)
        return self._sent


@contextmanager
def taking(folder: str, encoder: StreamEncoder, rate: int, *, force: bool = False) -> Iterator[Recorder]:
    """Record what goes on inside. However it ends, the files are complete and are kept, unless there was no sound.

    Parameters
    ----------
    folder : str
        Made where it isn't there.
    encoder : StreamEncoder
        Whose packets are sent.
    rate : int
        Hz.
    force : bool
        Whether files that are there are overwritten.
    """
    with ExitStack() as files:
        sinks = [
            files.enter_context(writing(str(Path(folder) / name), force=force, keep=True))
            for name in ("input.wav", "output.wav", "stream.sotto")
        ]
        said, heard = (files.enter_context(WavWriter(sink, rate, None)) for sink in sinks[:2])
        recorder = Recorder(said, sinks[2], heard, encoder)
        try:
            yield recorder
        except BaseException:
            if encoder.samples:
                recorder.close()
            raise
        recorder.close()
