"""What was said, sent and heard, kept in a folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import PacketWriter
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import writing
from sottovoce.codec.stream import StreamEncoder


class Recorder:
    """Keeps a live stream: ``input.wav``, ``stream.sotto`` and ``output.wav``."""

    def __init__(self, said: WavWriter, sent: PacketWriter, heard: WavWriter) -> None:
        self._said, self._sent, self._heard = said, sent, heard

    def said(self, wave: npt.NDArray[np.float32]) -> None:
        """Keep what the microphone heard."""
        self._said.write(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))

    def sent(self, packet: bytes) -> None:
        """Keep a packet, as it was before the link."""
        self._sent.write(packet)

    def heard(self, wave: npt.NDArray[np.int16]) -> None:
        """Keep what was decoded."""
        self._heard.write(wave)


@contextmanager
def taking(folder: str, encoder: StreamEncoder, rate: int, *, force: bool = False) -> Iterator[Recorder]:
    """Keep what goes on inside; the files appear when it ends.

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

        def opened(name: str):  # type: ignore[no-untyped-def]
            return files.enter_context(writing(str(Path(folder) / name), force=force))

        said, heard = (WavWriter(opened(name), rate, None) for name in ("input.wav", "output.wav"))
        sent = PacketWriter(opened("stream.sotto"), encoder.header)
        yield Recorder(said, sent, heard)
        for wav in (said, heard):
            wav.close()
        sent.close(encoder.samples)
