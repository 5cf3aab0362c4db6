"""Codes -> samples, exactly the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..wavenet.sampler import FRAME, Frames, Stream, Tables, sample
from .layers import ACTIVATION_BITS, BOOK_BITS, Array, Stack, make_dense, relu
from .plans import conditioner_plan
from .predictor import Predictor

LOST = -1
FADE_STEPS = 8  # lost steps until nothing is left of the sound that is held
COND_BITS = 11
SAMPLE_BITS = 4
DE_EMPHASIS_BITS = 15


class Network:
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
        self.step = 16000 // config["model"]["rate"]
        self.books = self._books("books", len(config["bottleneck"]["bits"]))
        self.speaker_books = self._books("speaker_books", len(config["speaker"]["bits"]))
        self.heads = make_dense("conditioner.heads", weights, exact=True)
        self.hidden = make_dense("adapter.hidden", weights, exact=True)
        self.out = make_dense("adapter.out", weights, exact=True)
        self.biases = make_dense("wavenet.condition", weights, exact=True)
        self.predictor = Predictor(weights)
        self.pre_emphasis = round(config["decoding"]["pre_emphasis"] * 2**DE_EMPHASIS_BITS)

    def _books(self, kind: str, count: int) -> list[Array]:
        unit = 2.0 ** (ACTIVATION_BITS - BOOK_BITS)
        return [self.weights[f"{kind}.{i}"].astype(np.float64) * unit for i in range(count)]

    def conditioner(self) -> Stack:
        """A conditioner at the start of a stream."""
        return Stack(conditioner_plan(self.config["model"]["rate"], self.config["conditioner"]["blocks"]), self.weights, True)

    def speaker(self, code: bytes) -> Array:
        """The vector that speaker bytes stand for."""
        if len(code) != len(self.speaker_books):
            raise ValueError(f"{len(code)} speaker bytes where the model has {len(self.speaker_books)}")
        return sum((book[byte] for book, byte in zip(self.speaker_books, code, strict=True)), np.zeros(1))

    def frames(self, c: Array, speaker: Array, loudness: Array) -> Frames:
        """The sampler's input for conditioner outputs c (frames, size); loudness (frames,) 0..1 fades what is held."""
        decoded = self.heads(c)
        bands = decoded.shape[1] - 2
        mel = decoded[:, :bands] * 4 - (5 << ACTIVATION_BITS)
        lpc, gain = self.predictor(mel)
        voiced = decoded[:, bands + 1] > 0
        told = np.concatenate((c, np.broadcast_to(speaker, (len(c), len(speaker)))), 1)
        biases = self.biases(relu(self.out(relu(self.hidden(told)))))
        cond = np.clip(np.floor(biases * 2.0 ** (COND_BITS - ACTIVATION_BITS) + 0.5), -32768, 32767)
        decoding = self.config["decoding"]
        temper = np.where(voiced, decoding["voiced_sharpness"], decoding["unvoiced_sharpness"])
        return Frames(
            lpc=lpc[None],
            gain=np.maximum(np.floor(gain * loudness), 16).astype(np.int32)[None],
            period=self.predictor.period(decoded[:, bands])[None],
            voiced=voiced.astype(np.uint8)[None],
            temper=temper.astype(np.int32)[None],
            floor=np.full((1, len(c)), decoding["floor"], np.int32),
            cond=cond.astype(np.int16)[None],
        )


class Decoder:
    """Codes on their way to samples.

    Parameters
    ----------
    network : Network
    speaker : bytes
    seed, stream : int
        Of the random numbers: the same codes, seed and stream give the same samples.
    """

    def __init__(self, network: Network, speaker: bytes, seed: int = 0, stream: int = 0):
        self.network = network
        self.voice = network.speaker(speaker)
        self.conditioner = network.conditioner()
        self.stream = Stream(network.tables, seed, stream)
        self.latent: Array = np.zeros(network.books[0].shape[1])
        self.lost = 0
        self.late: Array | None = None  # loudness of the step that the conditioner has not let go of yet
        self.emphasised = 0

    def push(self, codes: NDArray[np.int16]) -> NDArray[np.int16]:
        """Codes (steps, books) -> 16-bit samples; a step of -1 is lost and concealed. One step's samples stay due."""
        return decode_together([self], [codes])[0]

    def finish(self) -> NDArray[np.int16]:
        """The samples that are still due."""
        if self.late is None:
            return np.zeros(0, np.int16)
        width = len(self.latent) + len(self.voice)
        c = self.conditioner(np.zeros((1, width)))
        frames = self.network.frames(c, self.voice, np.full(len(c), self.late))
        self.late = None
        return self.wave(sample(self.network.tables, [self.stream], frames)[0])

    def frames(self, codes: NDArray[np.int16]) -> Frames | None:
        """What the sampler needs for the steps that these codes make ready."""
        if not len(codes):
            return None
        latents, loudness = [], []
        for row in codes:
            if row[0] == LOST:
                self.lost += 1
            else:
                self.lost = 0
                self.latent = sum((book[code] for book, code in zip(self.network.books, row, strict=False)), np.zeros(1))
            latents.append(np.concatenate((self.latent, self.voice)))
            loudness.append(max(0.0, 1 - self.lost / FADE_STEPS))
        c = self.conditioner(np.stack(latents))
        per_step = len(c) // len(codes)
        if self.late is None:  # the first step's output is what the network said before it heard anything
            c = c[per_step:]
            due = loudness[:-1]
        else:
            due = [self.late, *loudness[:-1]]
        self.late = loudness[-1]
        return self.network.frames(c, self.voice, np.repeat(due, per_step)) if len(c) else None

    def wave(self, emphasised: NDArray[np.int32]) -> NDArray[np.int16]:
        """De-emphasis of the sampler's output, in integers, to 16 bits."""
        factor, half = self.network.pre_emphasis, 1 << (DE_EMPHASIS_BITS - 1)
        start = self.emphasised
        run = accumulate(
            emphasised.tolist(), lambda y, x: x + ((y * factor + half) >> DE_EMPHASIS_BITS), initial=start
        )
        wave = np.fromiter(run, np.int64, len(emphasised) + 1)[1:]
        if len(wave):
            self.emphasised = int(wave[-1])
        return np.clip((wave + (1 << SAMPLE_BITS - 1)) >> SAMPLE_BITS, -32768, 32767).astype(np.int16)


def decode_together(decoders: Sequence[Decoder], codes: Sequence[NDArray[np.int16]]) -> list[NDArray[np.int16]]:
    """Push codes to several decoders of one model, whose streams share each pass over the weights.

    Gives what pushing to each alone gives.
    """
    waiting = {i: frames for i, d in enumerate(decoders) if (frames := d.frames(codes[i])) is not None}
    waves: list[list[NDArray[np.int16]]] = [[np.zeros(0, np.int16)] for _ in decoders]
    while waiting:
        count = min(frames.gain.shape[1] for frames in waiting.values())
        together = Frames(
            **{name: np.concatenate([getattr(f, name)[:, :count] for f in waiting.values()]) for name in FIELDS}
        )
        group = [decoders[i] for i in waiting]
        drawn = sample(group[0].network.tables, [d.stream for d in group], together)
        for i, samples in zip(list(waiting), drawn, strict=True):
            waves[i].append(decoders[i].wave(samples))
            rest = Frames(**{name: getattr(waiting[i], name)[:, count:] for name in FIELDS})
            if rest.gain.shape[1]:
                waiting[i] = rest
            else:
                del waiting[i]
    return [np.concatenate(w) for w in waves]


FIELDS = ("lpc", "gain", "period", "voiced", "temper", "floor", "cond")
assert FRAME == 160
