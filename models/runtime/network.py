"""The networks of the decoder, which all its streams share: codes and conditioner outputs to sampler inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import BANDS, SAMPLE_RATE
from sottovoce.models.log_mel_scale import OFFSET, SCALE
from sottovoce.models.runtime.layers import ACTIVATION_BITS, BOOK_BITS, Array, make_dense, relu
from sottovoce.models.runtime.linear_core import LinearCoreConditioning
from sottovoce.models.runtime.predictor import LinearPredictor
from sottovoce.models.runtime.strided import StridedConditioning
from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import COND_BITS, MIN_GAIN

DE_EMPHASIS_BITS = 15


class Conditioning(NamedTuple):
    """Everything that is decoded for some frames before sampling.

    Attributes
    ----------
    frames : Frames
        Input of the sampler.
    mel : ndarray [shape=(n, 80)]
        Log-mel in nepers with 14 fraction bits: target of the envelope post-filter.
    fade : ndarray [shape=(n,)]
        Amplitude factor, 0 to 1, that fades out concealed frames.
    """

    frames: Frames
    mel: Array
    fade: Array

    def part(self, start: int, stop: int | None) -> Conditioning:
        """Return the frames from `start` to `stop`."""
        return Conditioning(self.frames[:, start:stop], self.mel[start:stop], self.fade[start:stop])


class DecoderNetwork:
    """The networks and tables that all decoders of a model share: conditioner, linear predictor, sampler tables.

    Parameters
    ----------
    config : dict
        The model's config, as its file stores it.
    weights : mapping of str to ndarray
        Integer weights of the conditioner, the adapter and the codebooks.
    tables : Tables
        Tables of the sampler.

    Attributes
    ----------
    step : int
        Samples per latent step.
    books, speaker_books : list of ndarray [shape=(entries, size)]
        Codebooks with 14 fraction bits.
    """

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array], tables: Tables):
        self.config, self.weights, self.tables = config, weights, tables
        self.step = SAMPLE_RATE // config["model"]["rate"]
        self.books = self._books("books", len(config["bottleneck"]["bits"]))
        self.speaker_books = self._books("speaker_books", len(config["speaker"]["bits"]))
        self._preset_of = {preset["books"]: preset["index"] for preset in config["presets"]}
        self.hidden = make_dense("adapter.hidden", weights, exact=True)
        self.out = make_dense("adapter.out", weights, exact=True)
        self.biases = make_dense("wavenet.condition", weights, exact=True)
        self.predictor = LinearPredictor(weights)
        self.pre_emphasis = round(config["decoding"]["pre_emphasis"] * 2**DE_EMPHASIS_BITS)
        linear = config["model"].get("spectrum") == "linear-core"
        self._conditioner = (LinearCoreConditioning if linear else StridedConditioning)(config, weights)
        self.width = self._conditioner.size

    def _books(self, kind: str, count: int) -> list[Array]:
        unit = 2.0 ** (ACTIVATION_BITS - BOOK_BITS)
        return [self.weights[f"{kind}.{i}"].astype(np.float64) * unit for i in range(count)]

    def conditioner(self) -> LinearCoreConditioning | StridedConditioning:
        """Return a conditioner at the start of a stream."""
        return self._conditioner.fresh()

    def preset_of(self, codes: NDArray[np.int16]) -> int:
        """Return the index of the preset of codes [shape=(steps, books)]."""
        return self._preset_of[codes.shape[1]]

    def latents(self, codes: NDArray[np.int16]) -> Array:
        """Return the latents [shape=(steps, latent)] of codes [shape=(steps, books)]: sums of codebook entries."""
        return sum((book[column] for book, column in zip(self.books, codes.T, strict=False)), np.zeros(1))

    def features(self, c: Array) -> tuple[Array, Array, Array]:
        """Decode log-mel, pitch and voicing of frames.

        Parameters
        ----------
        c : ndarray [shape=(frames, size)]
            Output of a conditioner.

        Returns
        -------
        mel : ndarray [shape=(frames, 80)]
            Log-mel in nepers with 14 fraction bits.
        pitch : ndarray [shape=(frames,)]
            log2 of F0 / 150 Hz with 14 fraction bits.
        voicing : ndarray [shape=(frames,)]
            Logits.
        """
        x = self._conditioner.features(c)
        return x[:, :BANDS] * SCALE - (OFFSET << ACTIVATION_BITS), x[:, BANDS], x[:, BANDS + 1]

    def log_mel(self, codes: NDArray[np.int16], speaker: bytes) -> NDArray[np.float32]:
        """Decode the log-mel of a whole recording.

        Parameters
        ----------
        codes : ndarray of int16 [shape=(steps, books)]
        speaker : bytes
            The quantised speaker vector.

        Returns
        -------
        ndarray of float32 [shape=(frames, 80)]
            Log-mel in nepers.
        """
        c = self.run_conditioner(self.latents(codes), self.speaker(speaker), self.preset_of(codes))
        return (self.features(c)[0] * 2.0**-ACTIVATION_BITS).astype(np.float32)

    def run_conditioner(self, latents: Array, speaker: Array, preset: int) -> Array:
        """Return the conditioner's output [shape=(frames, size)] for the latents of a whole recording."""
        conditioner = self.conditioner()
        c = conditioner(latents, speaker, preset)
        # One step of look-ahead: the first output precedes the recording, and the last needs silence after it.
        last = conditioner(np.zeros((1, latents.shape[1])), np.zeros(len(speaker)), preset)
        return np.concatenate((c[len(last) :], last))

    def speaker(self, code: bytes) -> Array:
        """Return the speaker vector of its quantised form; raise ValueError if that has another length."""
        if len(code) != len(self.speaker_books):
            raise ValueError(f"{len(code)} speaker bytes where the model has {len(self.speaker_books)}")
        return sum((book[byte] for book, byte in zip(self.speaker_books, code, strict=True)), np.zeros(1))

    def conditioning(self, c: Array, speaker: Array, fade: Array) -> Conditioning:
        """Decode everything that sampling and post-filtering of frames need.

        Parameters
        ----------
        c : ndarray [shape=(frames, size)]
            Output of a conditioner.
        speaker : ndarray [shape=(speaker,)]
            The speaker vector.
        fade : ndarray [shape=(frames,)]
            Amplitude factor, 0 to 1, that fades out concealed frames.

        Returns
        -------
        Conditioning
        """
        mel, pitch, voicing = self.features(c)
        lpc, gain = self.predictor(self.predictor.power(mel))
        voiced = voicing > 0
        inputs = np.concatenate((c, np.broadcast_to(speaker, (len(c), len(speaker)))), 1)
        biases = self.biases(relu(self.out(relu(self.hidden(inputs)))))
        cond = np.clip(np.floor(biases * 2.0 ** (COND_BITS - ACTIVATION_BITS) + 0.5), -32768, 32767)
        decoding = self.config["decoding"]
        inverse_temperature = np.where(voiced, decoding["voiced_sharpness"], decoding["unvoiced_sharpness"])
        frames = Frames(
            lpc=lpc[None],
            gain=np.maximum(np.floor(gain * fade), MIN_GAIN).astype(np.int32)[None],
            period=self.predictor.period(pitch)[None],
            voiced=voiced.astype(np.uint8)[None],
            inverse_temperature=inverse_temperature.astype(np.int32)[None],
            probability_floor=np.full((1, len(c)), decoding["floor"], np.int32),
            cond=cond.astype(np.int16)[None],
        )
        return Conditioning(frames, mel, fade)
