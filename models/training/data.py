"""Training crops from shards; they depend on the generator alone, so that a resumed run continues exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sottovoce.models.features import HOP
from sottovoce.models.training.channels import simulate_channels
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import load_split

SPEEDS = (0.88, 0.94, 1.0, 1.0, 1.0, 1.06, 1.12)


@dataclass
class Crop:
    """A batch of crops of speech.

    Attributes
    ----------
    wave : Tensor of float32 [shape=(B, n)]
        At the models' level.
    f0 : Tensor of float32 [shape=(B, n / 160)]
        In Hz, 0 where unvoiced.
    reference : Tensor of float32 [shape=(B, m)]
        Other speech of the same speakers.
    """

    wave: Tensor
    f0: Tensor
    reference: Tensor


class Corpus:
    """Shards in the memory of the training device, from which crops are sampled.

    Parameters
    ----------
    directory : Path or str
        Folder of the shards.
    device : torch.device
        Device of the tensors.
    split : {'train', 'dev'}
        Training speakers, or held-out speakers.
    """

    def __init__(self, directory: Path | str, device: torch.device, split: str = "train"):
        chosen, tensors = load_split(directory, split)
        wave, f0 = tensors["wave"], tensors["f0"]
        keep = np.concatenate([np.arange(u["start"] // HOP, (u["start"] + u["samples"]) // HOP) for u in chosen])
        self.wave = torch.from_numpy(wave.reshape(-1, HOP)[keep].reshape(-1)).to(device)
        self.f0 = torch.from_numpy(f0[keep]).float().to(device)
        frames = np.array([u["samples"] // HOP for u in chosen])
        self.utterances = torch.from_numpy(np.repeat(np.arange(len(chosen)), frames)).to(device)
        ends = np.cumsum(frames)
        # by utterance, the frames of the same speaker (utterances are ordered by speaker)
        speakers = np.array([u["speaker"] for u in chosen])
        first = np.searchsorted(speakers, speakers, "left")
        last = np.searchsorted(speakers, speakers, "right") - 1
        self.same_speaker = self._table((ends - frames)[first], ends[last], device)
        self.same_utterance = self._table(ends - frames, ends, device)
        self.device = device

    @staticmethod
    def _table(starts: NDArray[np.int64], ends: NDArray[np.int64], device: torch.device) -> Tensor:
        return torch.from_numpy(np.stack([starts, ends], 1)).to(device)

    def crop(
        self, generator: torch.Generator, batch: int, frames: int, reference: int, by_speaker: bool, augment: bool
    ) -> Crop:
        """Sample a batch of crops.

        Parameters
        ----------
        generator : torch.Generator
        batch : int
            Number of crops.
        frames, reference : int
            Frames of a crop, and of its reference.
        by_speaker : bool
            Whether a reference comes from any recording of the speaker, so that it has no information on the content;
            else from the same utterance, as when a file is encoded.
        augment : bool
            Whether the batch is resampled by one of SPEEDS, and crops are scaled by up to 3 dB and passed through
            random channels, together with their references.

        Returns
        -------
        Crop

        Raises
        ------
        TrainingError
            When there is less speech than a crop needs.
        """
        speed = 1.0
        if augment:
            speed = SPEEDS[int(torch.randint(len(SPEEDS), (1,), generator=generator, device=self.device))]
        taken, taken_reference = (round(n * speed) for n in (frames, reference))
        u = torch.rand((2, batch), generator=generator, device=self.device)
        total, needed = len(self.f0), round(max(frames, reference) * (max(SPEEDS) if augment else 1))
        if total < needed:
            raise TrainingError(
                f"less speech than a crop needs: {total / 100} of {needed / 100} s; prepare more, or lower "
                "steps_per_crop, context or reference_frames"
            )
        start = (u[0] * (total - taken)).long()
        span = (self.same_speaker if by_speaker else self.same_utterance)[self.utterances[start + taken // 2]]
        room = (span[:, 1] - span[:, 0] - taken_reference).clamp_min(0)
        start_reference = (span[:, 0] + (u[1] * room).long()).clamp(max=total - taken_reference)
        gain = torch.ones(batch, device=self.device)
        if augment:
            gain = 10 ** ((torch.rand(batch, generator=generator, device=self.device) - 0.5) * 6 / 20)
        wave = self._wave(start, taken, frames) * gain[:, None]
        reference_wave = self._wave(start_reference, taken_reference, reference) * gain[:, None]
        if augment:
            wave, reference_wave = simulate_channels((wave, reference_wave), generator)
        at = torch.linspace(0, taken - 1, frames, device=self.device).round().long()
        return Crop(
            wave=wave,
            f0=self.f0[start[:, None] + at] * speed,
            reference=reference_wave,
        )

    def _wave(self, start: Tensor, taken: int, frames: int) -> Tensor:
        offsets = torch.arange(taken * HOP, device=self.device)
        wave = self.wave[start[:, None] * HOP + offsets].float() / 32768
        if taken == frames:
            return wave
        # band-limited resampling: the same spectrum with another number of samples
        spectrum = torch.fft.rfft(wave)
        bins = frames * HOP // 2 + 1
        spectrum = torch.nn.functional.pad(spectrum, (0, max(0, bins - spectrum.shape[1])))[:, :bins]
        return torch.fft.irfft(spectrum, frames * HOP) * (frames / taken)
