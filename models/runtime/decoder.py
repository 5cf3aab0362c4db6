"""Codes -> samples, exactly the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import BANDS, SAMPLE_RATE
from sottovoce.models.log_mel_scale import OFFSET, SCALE
from sottovoce.models.runtime.concealment import LOST, loudness_after
from sottovoce.models.runtime.contrast import Contrast
from sottovoce.models.runtime.layers import ACTIVATION_BITS, BOOK_BITS, Array, make_dense, relu
from sottovoce.models.runtime.linear_core import LinearCoreConditioning
from sottovoce.models.runtime.postfilter import BEFORE, PostFilter
from sottovoce.models.runtime.predictor import LinearPredictor
from sottovoce.models.runtime.state import Stateful
from sottovoce.models.runtime.stretch import TimeStretch
from sottovoce.models.runtime.strided import StridedConditioning
from sottovoce.models.runtime.voice_conversion import VoiceConversion
from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.sampler import sample
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import COND_BITS, MIN_GAIN, SAMPLE_BITS

DE_EMPHASIS_BITS = 15
LOUDNESS_UNIT = 2.0**14  # of which concealment.FADE_STEPS is a part, so that nothing is rounded


class Conditioning(NamedTuple):
    """What is known of some frames: the sampler's input, their log-mel (frames, 80), and how loud they shall be."""

    frames: Frames
    mel: Array
    loudness: Array

    def part(self, start: int, stop: int | None) -> Conditioning:
        """The frames from start to stop."""
        return Conditioning(self.frames[:, start:stop], self.mel[start:stop], self.loudness[start:stop])


class DecoderNetwork:
    """What all decoders of a model share: the conditioner, the predictor, and the sampler's tables.

    Parameters
    ----------
    config : dict
        The model's config, as its card holds it.
    weights : mapping of str to array
        Integer weights of the conditioner, adapter and code books.
    tables : Tables
        Of the sampler.
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
        """A conditioner at the start of a stream."""
        return self._conditioner.fresh()

    def preset_of(self, codes: NDArray[np.int16]) -> int:
        """Index of the preset of codes (steps, books)."""
        return self._preset_of[codes.shape[1]]

    def features(self, c: Array) -> tuple[Array, Array, Array]:
        """Decode log-mel, pitch and voicing of frames.

        Parameters
        ----------
        c : ndarray [shape=(frames, size)]
            What a conditioner made of latents.

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
        """Log-mel in nepers (frames, 80) of the codes (steps, books) of a whole recording."""
        latents = sum((book[column] for book, column in zip(self.books, codes.T, strict=False)), np.zeros(1))
        mel, _, _ = self.features(self.conditioning_of(latents, self.speaker(speaker), self.preset_of(codes)))
        return (mel * 2.0**-ACTIVATION_BITS).astype(np.float32)

    def conditioning_of(self, latents: Array, voice: Array, preset: int) -> Array:
        """Conditioning (frames, size) of the latents (steps, latent) of a whole recording."""
        conditioner = self.conditioner()
        c = conditioner(latents, voice, preset)
        # the network looks one step ahead: the first step comes before the recording, the last with silence after it
        last = conditioner(np.zeros((1, latents.shape[1])), np.zeros(len(voice)), preset)
        return np.concatenate((c[len(last) :], last))

    def speaker(self, code: bytes) -> Array:
        """The vector that speaker bytes stand for."""
        if len(code) != len(self.speaker_books):
            raise ValueError(f"{len(code)} speaker bytes where the model has {len(self.speaker_books)}")
        return sum((book[byte] for book, byte in zip(self.speaker_books, code, strict=True)), np.zeros(1))

    def tell(self, c: Array, speaker: Array, loudness: Array) -> Conditioning:
        """What the sampler and what comes after it need, for conditioner outputs c (frames, size).

        loudness (frames,) 0..1 fades what is held over lost steps.
        """
        mel, pitch, voicing = self.features(c)
        lpc, gain = self.predictor(self.predictor.power(mel))
        voiced = voicing > 0
        told = np.concatenate((c, np.broadcast_to(speaker, (len(c), len(speaker)))), 1)
        biases = self.biases(relu(self.out(relu(self.hidden(told)))))
        cond = np.clip(np.floor(biases * 2.0 ** (COND_BITS - ACTIVATION_BITS) + 0.5), -32768, 32767)
        decoding = self.config["decoding"]
        temper = np.where(voiced, decoding["voiced_sharpness"], decoding["unvoiced_sharpness"])
        frames = Frames(
            lpc=lpc[None],
            gain=np.maximum(np.floor(gain * loudness), MIN_GAIN).astype(np.int32)[None],
            period=self.predictor.period(pitch)[None],
            voiced=voiced.astype(np.uint8)[None],
            temper=temper.astype(np.int32)[None],
            floor=np.full((1, len(c)), decoding["floor"], np.int32),
            cond=cond.astype(np.int16)[None],
        )
        return Conditioning(frames, mel, loudness)


class Decoder(Stateful):
    """Codes on their way to samples.

    Parameters
    ----------
    network : DecoderNetwork
    speaker : bytes
    seed, stream : int
        Of the random numbers: the same codes, seed and stream give the same samples.
    speed : float
        0.5 to 2: how fast to speak, in the same pitch. Raises ValueError for others.
    """

    STATE_FIELDS = (
        *(
            "voice",
            "gain",
            "shift",
            "conditioner",
            "preset",
            "stretch",
            "stream",
            "latent",
            "lost",
            "late",
            "emphasised",
        ),
        *("contrast", "loudness", "filters"),
    )

    def __init__(self, network: DecoderNetwork, speaker: bytes, seed: int = 0, stream: int = 0, speed: float = 1.0):
        self.network = network
        self.speak_as(speaker)
        self.gain, self.shift = np.ones(1), np.zeros(1)
        self.conditioner = network.conditioner()
        self.preset = 0  # of the last codes
        self.stretch = TimeStretch(speed, network.width + 1)
        self.stream = Stream(network.tables, seed, stream)
        self.latent: Array = np.zeros(network.books[0].shape[1])
        self.lost = 0
        self.late: Array = np.zeros(0)  # loudness of the step, if any, that the conditioner has not let go of yet
        self.emphasised = 0
        decoding = network.config["decoding"]
        self.contrast = Contrast(decoding.get("contrast", 0))  # the first releases have none
        self.loudness: Array = np.zeros(0)  # of the frames that contrast keeps back
        self.filters = [PostFilter() for _ in range(decoding["envelope_passes"])]

    @property
    def delay(self) -> int:
        """Samples that are due, once there are that many, of the steps pushed so far."""
        return self.network.step + self.contrast.delay + len(self.filters) * BEFORE

    def speak_as(self, speaker: bytes) -> None:
        """Go on in the voice of these speaker bytes."""
        self.voice = self.network.speaker(speaker)

    def borrow(self, loan: VoiceConversion) -> None:
        """Go on in another's voice."""
        self.voice, self.gain, self.shift = loan

    def push(self, codes: NDArray[np.int16]) -> NDArray[np.int16]:
        """Codes (steps, books) -> 16-bit samples; a step of -1 is lost and concealed. Some samples stay due."""
        return decode_together([self], [codes])[0]

    def finish(self) -> NDArray[np.int16]:
        """The samples that are still due."""
        if not len(self.late):
            return np.zeros(0, np.int16)
        c = self.conditioner(np.zeros((1, len(self.latent))), np.zeros(len(self.voice)), self.preset)
        told = self._told(np.concatenate((self._stretched(c, np.repeat(self.late, len(c))), self.stretch.finish())))
        self.late = np.zeros(0)
        wave = self.wave(sample(self.network.tables, [self.stream], told.frames)[0], told)
        rest: Array = np.zeros(0)
        powers = self.powers(self.contrast.finish())
        for stage in self.filters:
            rest = np.concatenate((stage.push(rest, powers), stage.finish()))
        return np.concatenate((wave, to_16_bits(rest)))

    def tell(self, codes: NDArray[np.int16]) -> Conditioning | None:
        """What the codes say of the frames that they make ready."""
        if not len(codes):
            return None
        latents, loudness = [], []
        for row in codes:
            if row[0] == LOST:
                self.lost += 1
            else:
                self.lost = 0
                found = (book[code] for book, code in zip(self.network.books, row, strict=False))
                self.latent = np.floor(sum(found, np.zeros(1)) * self.gain + self.shift + 0.5)
            latents.append(self.latent)
            loudness.append(loudness_after(self.lost))
        self.preset = self.network.preset_of(codes)
        c = self.conditioner(np.stack(latents), self.voice, self.preset)
        per_step = len(c) // len(codes)
        if not len(self.late):  # the first step's output is what the network said before it heard anything
            c = c[per_step:]
        due = np.concatenate((self.late, loudness[:-1]))
        self.late = np.array(loudness[-1:])
        frames = self._stretched(c, np.repeat(due, per_step))
        return self._told(frames) if len(frames) else None

    def _stretched(self, c: Array, loudness: Array) -> Array:
        """Conditioning and loudness of frames side by side, at the speed that is asked for."""
        return self.stretch.push(np.column_stack((c, loudness * LOUDNESS_UNIT)))

    def _told(self, frames: Array) -> Conditioning:
        return self.network.tell(frames[:, :-1], self.voice, frames[:, -1] / LOUDNESS_UNIT)

    def powers(self, mel: Array) -> Array:
        """The band powers that should come out in the next frames, whose sharpened log-mel this is."""
        loudness, self.loudness = self.loudness[: len(mel)], self.loudness[len(mel) :]
        return self.network.predictor.power(mel) * (loudness * loudness)[:, None]

    def wave(self, emphasised: NDArray[np.int32], told: Conditioning) -> NDArray[np.int16]:
        """What the sampler drew, de-emphasised and brought to the band powers of its frames, as far as it is due."""
        factor, half = self.network.pre_emphasis, 1 << (DE_EMPHASIS_BITS - 1)
        run = accumulate(
            emphasised.tolist(), lambda y, x: x + ((y * factor + half) >> DE_EMPHASIS_BITS), initial=self.emphasised
        )
        whole = np.fromiter(run, np.int64, len(emphasised) + 1)
        self.emphasised = int(whole[-1])
        wave = whole[1:].astype(np.float64)
        self.loudness = np.concatenate((self.loudness, told.loudness))
        powers = self.powers(self.contrast.push(told.mel))
        for stage in self.filters:
            wave = stage.push(wave, powers)
        return to_16_bits(wave)


def to_16_bits(wave: Array) -> NDArray[np.int16]:
    """Samples of the sampler's unit, rounded and limited."""
    return np.clip(np.floor(wave * 2.0**-SAMPLE_BITS + 0.5), -32768, 32767).astype(np.int16)


def decode_together(decoders: Sequence[Decoder], codes: Sequence[NDArray[np.int16]]) -> list[NDArray[np.int16]]:
    """Push codes to several decoders of one model, whose streams share each pass over the weights.

    Gives what pushing to each alone gives.
    """
    waiting = {i: told for i, d in enumerate(decoders) if (told := d.tell(codes[i])) is not None}
    waves: list[list[NDArray[np.int16]]] = [[np.zeros(0, np.int16)] for _ in decoders]
    while waiting:
        count = min(len(told.mel) for told in waiting.values())
        now = {i: told.part(0, count) for i, told in waiting.items()}
        together = Frames(
            **{f.name: np.concatenate([getattr(t.frames, f.name) for t in now.values()]) for f in fields(Frames)}
        )
        group = [decoders[i] for i in now]
        drawn = sample(group[0].network.tables, [d.stream for d in group], together)
        for i, samples in zip(now, drawn, strict=True):
            waves[i].append(decoders[i].wave(samples, now[i]))
        waiting = {i: told.part(count, None) for i, told in waiting.items() if len(told.mel) > count}
    return [np.concatenate(w) for w in waves]
