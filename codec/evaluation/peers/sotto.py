"""Sottovoce itself by its API, and its first stage with Griffin-Lim instead of the WaveNet."""

import io
import sys
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.api import Codec
from sottovoce.codec.bits import Header, Reader
from sottovoce.codec.evaluation.peers.base import RATE, Wave, behaviour
from sottovoce.codec.evaluation.peers.griffin_lim import griffin_lim, librosa_version
from sottovoce.codec.models import blocks_of
from sottovoce.codec.voice.level import byte_to_level
from sottovoce.models.release import Release

_SOTTO = [sys.executable, "-c", "from sottovoce.cli import main; main()"]


class Sotto:
    """A preset of a model.

    Parameters
    ----------
    preset : str
        Rate within the model's family.
    model : str
        Name, or path of the weights.

    Raises
    ------
    SottoError
        When there is no such preset or model.
    """

    family = "sottovoce"

    def __init__(self, preset: str, model: str) -> None:
        self._codec, self._model = Codec.load(model=model, preset=preset), model
        self.name, self.title = f"sotto:{preset}", f"sottovoce {preset}"
        self.bit_rate = self._codec.bit_rate

    @cached_property
    def identity(self) -> str:
        """Model, preset, and a hash of what they make of noise: our code changes too."""
        return f"{self._codec.model.card['sha256']} {self._codec.preset.name} {behaviour(self)}"

    def encode(self, wave: Wave) -> bytes:
        """Return the contents of a ``.sotto`` file."""
        return self._codec.encode(wave, RATE)

    def decode(self, data: bytes) -> Wave:
        """Return what it decodes to."""
        return self._codec.decode(data)

    def decode_lossy(self, data: bytes, lost: NDArray[np.bool_]) -> Wave:
        """Decode the codes as packets of one step that get lost; the decoder conceals them."""
        header, codes = _codes(data, self._codec)
        step = self._codec.model.step
        arrived = codes.copy()
        for i in range(len(codes)):
            packet = i * step * 1000 // (40 * RATE)
            if packet < len(lost) and lost[packet]:
                arrived[i] = -1
        wave = self._codec.decode_codes(arrived, speaker=header.speaker, level=byte_to_level(header.level))
        return wave[: header.samples]

    def commands(self) -> tuple[list[str], list[str]] | None:
        """Return what ``sotto encode`` and ``sotto decode`` are, see `Peer.commands`."""
        files = ["{input}", "-o", "{output}", "--force", "--quiet", "--model", self._model]
        return [*_SOTTO, "encode", "--preset", self._codec.preset.name, *files], [*_SOTTO, "decode", *files]


class FirstStage(Sotto):
    """The log-mel that a preset's codes say, through Griffin-Lim: what stage 1 loses, without the WaveNet.

    Parameters
    ----------
    preset, model : str
        As for `Sotto`.

    Raises
    ------
    MissingProgram
        When librosa isn't installed.
    """

    def __init__(self, preset: str, model: str) -> None:
        super().__init__(preset, model)
        self.name, self.title = f"stage1:{preset}", f"codes of {preset}, Griffin-Lim"
        self._librosa = librosa_version()

    @cached_property
    def identity(self) -> str:
        """As for `Sotto`, and who finds the phase."""
        return f"{super().identity} librosa {self._librosa}"

    def decode(self, data: bytes) -> Wave:
        """Return the mel of the codes, made audible."""
        header, codes = _codes(data, self._codec)
        return griffin_lim(decoded_mel(self._codec.model, codes, header.speaker))

    def commands(self) -> None:
        """There is no program."""


def _codes(data: bytes, codec: Codec) -> tuple[Header, NDArray[np.int16]]:
    """Return the header and the codes of a whole file."""
    reader = Reader(io.BytesIO(data))
    blocks = blocks_of(reader, codec.model, codec.preset)
    return reader.header, np.concatenate([block.codes for block in blocks if block.codes is not None])


def decoded_mel(model: Release, codes: NDArray[np.int16], speaker: bytes) -> NDArray[np.float32]:
    """Return the log-mel that the decoder makes of codes.

    Parameters
    ----------
    model : Release
        Whose codes they are.
    codes : ndarray of int16 [steps, books]
        Of a whole file.
    speaker : bytes
        Who speaks, as the file's header has it.

    Returns
    -------
    ndarray of float32 [frames, bands]
        `HOP` samples a frame.
    """
    return model.network.log_mel(codes, speaker)
