"""Speech with phone labels on the training device, sampled without synchronisation with the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sottovoce.models.features import HOP
from sottovoce.models.phones.labels import PHONE_IDS, SILENCE, parse_alignment
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import load_split


@dataclass
class Segments:
    """A batch of segments of speech, each of whole phones.

    Attributes
    ----------
    wave : Tensor of float32 [shape=(B, n)]
        Level-normalised, zero after the end of a segment.
    samples : Tensor of int64 [shape=(B,)]
        Length of each segment.
    phones : Tensor of int64 [shape=(B, L)]
        Phone numbers; values beyond `count` are undefined.
    count : Tensor of int64 [shape=(B,)]
        Number of phones.
    """

    wave: Tensor
    samples: Tensor
    phones: Tensor
    count: Tensor


class PhoneCorpus:
    """The utterances of a split whose phones are known.

    Parameters
    ----------
    directory : path
        Prepared shards.
    device : torch.device
        Device that stores the speech.
    split : {'train', 'dev'}
        Training speakers, or held-out speakers.
    """

    def __init__(self, directory: Path | str, device: torch.device, split: str = "train"):
        utterances, tensors = load_split(directory, split)
        chosen = [utterance for utterance in utterances if utterance.get("phones")]
        if not chosen:
            raise TrainingError(
                f"{directory}: the {split} split has no phone labels; put alignments.csv beside the recordings and "
                "prepare them again"
            )
        whole = tensors["wave"]
        self.wave = torch.from_numpy(np.concatenate([whole[u["start"] :][: u["samples"]] for u in chosen])).to(device)
        self.device = device
        # a phone extends from the end of the previous one to the start of the next one, so that a segment cut between
        # any two phones includes the silence around it
        numbers: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        firsts: list[int] = []
        lasts: list[int] = []
        at = 0
        for utterance in chosen:
            frames = utterance["samples"] // HOP
            phones = [p for p in parse_alignment(utterance["phones"]) if p[0] != SILENCE and p[1] < frames]
            if phones:
                first = len(numbers)
                numbers += [PHONE_IDS[name] for name, _, _ in phones]
                begins += [at, *(at + end for _, _, end in phones[:-1])]
                ends += [*(at + start for _, start, _ in phones[1:]), at + frames]
                firsts.append(first)
                lasts += [len(numbers)] * len(phones)
            at += frames
        self.numbers, self.begins, self.ends, self.firsts, self.lasts = (
            torch.tensor(column, device=device) for column in (numbers, begins, ends, firsts, lasts)
        )

    def sample_segments(
        self, generator: torch.Generator, batch: int, frames: int, max_phones: int, speed: Tensor | None = None
    ) -> Segments:
        """Random segments of up to `frames` frames and `max_phones` phones, resampled by the factor `speed` (B,).

        Half of them start at the beginning of an utterance, half at any phone; they end with the utterance if it fits.
        """
        device = self.device
        if speed is None:
            speed = torch.ones(batch, device=device)
        u = torch.rand((3, batch), generator=generator, device=device)
        first = torch.where(
            u[0] < 0.5, self.firsts[(u[1] * len(self.firsts)).long()], (u[2] * len(self.numbers)).long()
        )
        begin = self.begins[first]
        end = torch.searchsorted(self.ends, begin + (frames * speed).long(), right=True)
        end = torch.minimum(torch.minimum(end, first + max_phones), self.lasts[first])
        count = (end - first).clamp_min(0)  # 0 if the silence before the first phone alone is too long
        taken = torch.where(count > 0, self.ends[(end - 1).clamp_min(0)] - begin, 1)
        samples = (taken * HOP / speed).long().clamp(HOP, frames * HOP)
        places = (first[:, None] + torch.arange(max_phones, device=device)).clamp(max=len(self.numbers) - 1)
        return Segments(self._resampled(begin, speed, frames * HOP, samples), samples, self.numbers[places], count)

    def _resampled(self, begin: Tensor, speed: Tensor, length: int, samples: Tensor) -> Tensor:
        """Waves (B, length) from frames `begin` (B,) on, resampled by cubic interpolation (Catmull-Rom)."""
        time = torch.arange(length, device=self.device)
        offset = time * speed[:, None].double()
        whole = offset.floor()
        x = (offset - whole).float()
        place = begin[:, None] * HOP + whole.long()
        before, here, after, beyond = (
            self.wave[(place + i).clamp(0, len(self.wave) - 1)].float() / 32768 for i in (-1, 0, 1, 2)
        )
        slope, slope_after = (after - before) / 2, (beyond - here) / 2
        bend = 3 * (after - here) - 2 * slope - slope_after
        wave = here + x * (slope + x * (bend + x * (slope + slope_after - 2 * (after - here))))
        return wave * (time < samples[:, None])

    def utterances(self, batch: int) -> list[Segments]:
        """All utterances in full, each once, in batches of similar length."""
        firsts = self.firsts.cpu()
        lasts = self.lasts.cpu()[firsts]
        begins, ends = self.begins.cpu()[firsts], self.ends.cpu()[lasts - 1]
        order = torch.argsort(ends - begins, stable=True)
        found = []
        for chosen in order.split(batch):
            frames, max_phones = (ends - begins)[chosen].max(), (lasts - firsts)[chosen].max()
            samples = ((ends - begins)[chosen] * HOP).to(self.device)
            begin = begins[chosen].to(self.device)
            wave = self._resampled(begin, torch.ones(len(chosen), device=self.device), int(frames) * HOP, samples)
            places = (firsts[chosen, None] + torch.arange(int(max_phones))).clamp(max=len(self.numbers) - 1)
            phones = self.numbers[places.to(self.device)]
            found.append(Segments(wave, samples, phones, (lasts - firsts)[chosen].to(self.device)))
        return found
