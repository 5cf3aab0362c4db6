"""Codes to samples, with identical results on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.runtime.concealment import LOST, fade_after
from sottovoce.models.runtime.contrast import Contrast
from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.network import DE_EMPHASIS_BITS, Conditioning, DecoderNetwork
from sottovoce.models.runtime.postfilter import PADDING, PostFilter
from sottovoce.models.runtime.state import Stateful
from sottovoce.models.runtime.stretch import TimeStretch
from sottovoce.models.runtime.voice_conversion import VoiceConversion
from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.sampler import sample
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.units import SAMPLE_BITS

FADE_UNIT = 2.0**14  # a multiple of concealment.FADE_STEPS, so that fades are exact in it


class Decoder(Stateful):
    """Decodes a stream of codes to samples.

    Parameters
    ----------
    network : DecoderNetwork
        The networks of the model.
    speaker : bytes
        The quantised speaker vector.
    seed, stream : int
        Seed and stream number of the random numbers: the same codes, seed and stream give the same samples.
    speed : float
        Speaking rate relative to the recording, 0.5 to 2; the pitch does not change.

    Raises
    ------
    ValueError
        When `speaker` is not of this model, or `speed` is out of range.
    """

    STATE_FIELDS = (
        *("voice", "gain", "shift", "conditioner", "preset", "stretch", "stream", "latent", "lost"),
        *("pending_fade", "deemphasis_memory", "contrast", "fade", "filters"),
    )

    def __init__(self, network: DecoderNetwork, speaker: bytes, seed: int = 0, stream: int = 0, speed: float = 1.0):
        self.network = network
        self.set_speaker(speaker)
        self.gain, self.shift = np.ones(1), np.zeros(1)  # of latents, for voice conversion
        self.conditioner = network.conditioner()
        self.preset = 0  # of the last codes
        self.stretch = TimeStretch(speed, network.width + 1)
        self.stream = Stream(network.tables, seed, stream)
        self.latent: Array = np.zeros(network.books[0].shape[1])
        self.lost = 0  # lost steps in a row
        self.pending_fade: Array = np.zeros(0)  # fade of the step, if any, in the conditioner's look-ahead
        self.deemphasis_memory = 0  # last output of the de-emphasis filter
        decoding = network.config["decoding"]
        self.contrast = Contrast(decoding.get("contrast", 0))  # the first models have none
        self.fade: Array = np.zeros(0)  # of the frames in the look-ahead of `contrast`
        self.filters = [PostFilter() for _ in range(decoding["envelope_passes"])]

    @property
    def delay(self) -> int:
        """Samples by which the output is late, once that many were pushed."""
        return self.network.step + self.contrast.delay + len(self.filters) * PADDING

    def set_speaker(self, speaker: bytes) -> None:
        """Use another speaker vector for the codes that follow."""
        self.voice = self.network.speaker(speaker)

    def convert_voice(self, conversion: VoiceConversion) -> None:
        """Convert the codes that follow to another voice."""
        self.voice, self.gain, self.shift = conversion

    def push(self, codes: NDArray[np.int16]) -> NDArray[np.int16]:
        """Decode steps; the output is late by `delay`.

        Parameters
        ----------
        codes : ndarray of int16 [shape=(steps, books)]
            A step of -1 is lost and concealed.

        Returns
        -------
        ndarray of int16 [shape=(n,)]
        """
        return decode_batch([self], [codes])[0]

    def finish(self) -> NDArray[np.int16]:
        """Return the remaining samples."""
        if not len(self.pending_fade):
            return np.zeros(0, np.int16)
        c = self.conditioner(np.zeros((1, len(self.latent))), np.zeros(len(self.voice)), self.preset)
        frames = self._stretched(c, np.repeat(self.pending_fade, len(c)))
        conditioning = self._conditioning(np.concatenate((frames, self.stretch.finish())))
        self.pending_fade = np.zeros(0)
        wave = self.filter(sample(self.network.tables, [self.stream], conditioning.frames)[0], conditioning)
        rest: Array = np.zeros(0)
        powers = self._target_powers(self.contrast.finish())
        for stage in self.filters:
            rest = np.concatenate((stage.push(rest, powers), stage.finish()))
        return np.concatenate((wave, to_16_bits(rest)))

    def conditioning(self, codes: NDArray[np.int16]) -> Conditioning | None:
        """Return the conditioning of the frames that codes [shape=(steps, books)] complete; None if there are none."""
        if not len(codes):
            return None
        latents, fades = [], []
        for row in codes:
            if row[0] == LOST:
                self.lost += 1
            else:
                self.lost = 0
                self.latent = np.floor(self.network.latents(row[None])[0] * self.gain + self.shift + 0.5)
            latents.append(self.latent)
            fades.append(fade_after(self.lost))
        self.preset = self.network.preset_of(codes)
        c = self.conditioner(np.stack(latents), self.voice, self.preset)
        per_step = len(c) // len(codes)
        if not len(self.pending_fade):  # the first output precedes the stream
            c = c[per_step:]
        due = np.concatenate((self.pending_fade, fades[:-1]))
        self.pending_fade = np.array(fades[-1:])
        frames = self._stretched(c, np.repeat(due, per_step))
        return self._conditioning(frames) if len(frames) else None

    def _stretched(self, c: Array, fade: Array) -> Array:
        """Conditioner outputs with their fade as the last column, at the requested speed."""
        return self.stretch.push(np.column_stack((c, fade * FADE_UNIT)))

    def _conditioning(self, frames: Array) -> Conditioning:
        return self.network.conditioning(frames[:, :-1], self.voice, frames[:, -1] / FADE_UNIT)

    def _target_powers(self, mel: Array) -> Array:
        """Band powers [shape=(n, 80)] that the next frames should have, from their sharpened log-mel."""
        fade, self.fade = self.fade[: len(mel)], self.fade[len(mel) :]
        return self.network.predictor.power(mel) * (fade * fade)[:, None]

    def filter(self, drawn: NDArray[np.int32], conditioning: Conditioning) -> NDArray[np.int16]:
        """De-emphasise drawn samples, give them the band powers of their frames, and return those that are complete."""
        factor, half = self.network.pre_emphasis, 1 << (DE_EMPHASIS_BITS - 1)
        outputs = accumulate(
            drawn.tolist(), lambda y, x: x + ((y * factor + half) >> DE_EMPHASIS_BITS), initial=self.deemphasis_memory
        )
        whole = np.fromiter(outputs, np.int64, len(drawn) + 1)
        self.deemphasis_memory = int(whole[-1])
        wave = whole[1:].astype(np.float64)
        self.fade = np.concatenate((self.fade, conditioning.fade))
        powers = self._target_powers(self.contrast.push(conditioning.mel))
        for stage in self.filters:
            wave = stage.push(wave, powers)
        return to_16_bits(wave)


def to_16_bits(wave: Array) -> NDArray[np.int16]:
    """Return samples in the unit of the sampler, rounded and limited to 16 bits."""
    return np.clip(np.floor(wave * 2.0**-SAMPLE_BITS + 0.5), -32768, 32767).astype(np.int16)


def decode_batch(decoders: Sequence[Decoder], codes: Sequence[NDArray[np.int16]]) -> list[NDArray[np.int16]]:
    """Push codes to several decoders of one model, whose streams share each pass over the weights.

    Parameters
    ----------
    decoders : sequence of Decoder
    codes : sequence of ndarray of int16 [shape=(steps, books)]
        For each decoder, as for `Decoder.push`.

    Returns
    -------
    list of ndarray of int16 [shape=(n,)]
        The same samples as when each decoder is used alone.
    """
    waiting = {i: ready for i, d in enumerate(decoders) if (ready := d.conditioning(codes[i])) is not None}
    waves: list[list[NDArray[np.int16]]] = [[np.zeros(0, np.int16)] for _ in decoders]
    while waiting:
        count = min(len(one.mel) for one in waiting.values())
        now = {i: one.part(0, count) for i, one in waiting.items()}
        together = Frames(
            **{f.name: np.concatenate([getattr(t.frames, f.name) for t in now.values()]) for f in fields(Frames)}
        )
        group = [decoders[i] for i in now]
        drawn = sample(group[0].network.tables, [d.stream for d in group], together)
        for i, samples in zip(now, drawn, strict=True):
            waves[i].append(decoders[i].filter(samples, now[i]))
        waiting = {i: one.part(count, None) for i, one in waiting.items() if len(one.mel) > count}
    return [np.concatenate(w) for w in waves]
