"""Opus (RFC 6716) by the programs of opus-tools, or by libopus through PyAV where they aren't installed.

libopus knows that it's speech and chooses the bandwidth itself, at a variable rate and in frames of 20 ms.
"""

import io
from importlib import metadata, util

import numpy as np
import soxr
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers import opus_loss
from sottovoce.codec.evaluation.peers.base import RATE, MissingProgram, Programs, Wave, integers

RATES = {"12": 12, "9": 9, "6": 6}
"""kbit/s by name."""


def opus(rate: str) -> "OpusTools | OpusLibrary":
    """Return Opus at one of its `RATES`.

    Raises
    ------
    MissingProgram
        When neither opus-tools nor PyAV is installed.
    """
    try:
        return OpusTools(rate)
    except MissingProgram:
        if util.find_spec("av"):
            return OpusLibrary(rate)
        raise


class _Named:
    family = "opus"

    def _name(self, rate: str) -> None:
        self.name, self.title, self.bit_rate = f"opus:{rate}", f"Opus {rate} kbit/s", 1000.0 * RATES[rate]

    def decode_lossy(self, data: bytes, lost: NDArray[np.bool_]) -> Wave:
        """Decode with libopus, which conceals lost packets."""
        return opus_loss.decode_lossy(data, lost)


class OpusTools(_Named, Programs):
    """Opus as its own programs write it, which tell their options in every file.

    Parameters
    ----------
    rate : str
        One of `RATES`.
    """

    def __init__(self, rate: str) -> None:
        files = ["{input}", "{output}"]
        for_speech = ["--speech", "--set-ctl-int", "4000=2048"]  # OPUS_SET_APPLICATION(OPUS_APPLICATION_VOIP)
        encoder = ["opusenc", "--bitrate", rate, *for_speech, "--padding", "0", *files]
        decoder = ["opusdec", "--rate", str(RATE), "--float", "--force-wav", *files]
        super().__init__(encoder, decoder, "apt install opus-tools", ["opusenc", "--version"])
        self._name(rate)


class OpusLibrary(_Named):
    """The same settings of libopus, in an Ogg file that PyAV writes.

    Parameters
    ----------
    rate : str
        One of `RATES`.
    """

    def __init__(self, rate: str) -> None:
        self._name(rate)
        self.identity = f"libopus of PyAV {metadata.version('av')}"

    def encode(self, wave: Wave) -> bytes:
        """Return an Ogg file."""
        import av

        file = io.BytesIO()
        frame = av.AudioFrame.from_ndarray(integers(wave)[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        with av.open(file, "w", format="opus", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("libopus", rate=RATE, layout="mono", options=_SETTINGS)
            stream.bit_rate = int(self.bit_rate)
            for some in (frame, None):  # None: there is no more
                container.mux(stream.encode(some))
        return file.getvalue()

    def decode(self, data: bytes) -> Wave:
        """Return what it says, from the 48 kHz at which Opus decodes."""
        import av

        with av.open(io.BytesIO(data), "r") as container:
            frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        return soxr.resample(np.concatenate(frames), 48000, RATE, "VHQ")

    def commands(self) -> None:
        """There is no program."""


_SETTINGS = {"application": "voip", "vbr": "on", "compression_level": "10", "frame_duration": "20"}
