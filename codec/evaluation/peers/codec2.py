"""Codec 2 (David Rowe, https://github.com/drowe67/codec2) by its own programs."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Programs, Wave, converted
from sottovoce.codec.evaluation.peers.narrow import NARROW, narrowed, widened

MODES = {"3200": (64, 20), "2400": (48, 20), "1300": (52, 40), "700C": (28, 40), "450": (18, 40)}
"""Bits and milliseconds of a frame of each mode."""


class Codec2(Programs):
    """One of its modes, as a file without a header, in which every frame is filled up to whole bytes.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    """

    family = "codec2"

    def __init__(self, mode: str) -> None:
        words = [mode, "{input}", "{output}"]
        super().__init__(["c2enc", *words], ["c2dec", *words], "apt install codec2")
        bits, milliseconds = MODES[mode]
        self.name, self.title = f"codec2:{mode}", f"Codec 2 {mode}"
        self.bit_rate = 1000 * bits / milliseconds
        self._frame = milliseconds * NARROW // 1000

    def encode(self, wave: Wave) -> bytes:
        """Return the frames of a recording, the last filled up with silence: the program would drop it."""
        samples = narrowed(wave)
        return converted(self._encoder, np.pad(samples, (0, -len(samples) % self._frame)).tobytes())

    def decode_lossy(self, data: bytes, lost: NDArray[np.bool_]) -> Wave:
        """Decode with lost frames replaced by the frame before, which is what simple receivers do."""
        frames = np.frombuffer(data, np.uint8).reshape(-1, -(-MODES[self.name.partition(":")[2]][0] // 8)).copy()
        per_packet = 2 * NARROW // 50 // self._frame
        for i in range(1, len(frames)):
            if i // per_packet < len(lost) and lost[i // per_packet]:
                frames[i] = frames[i - 1]
        return self.decode(frames.tobytes())

    def decode(self, data: bytes) -> Wave:
        """Return what frames say, as a recording."""
        return widened(converted(self._decoder, data))
