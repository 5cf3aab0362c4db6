"""Speech of known phones on the training device, drawn without a look at it from the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sottovoce.models.features import HOP
from sottovoce.models.phones.labels import NUMBERS, SILENCE, parse_alignment
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import load_split


@dataclass
class Stretches:
    """A batch of stretches of speech, each of whole phones.

    Attributes
    ----------
    wave : (B, n) float32 at the models' level, zeros behind a stretch's end
    samples : (B,) its length
    phones : (B, L) numbers of its phones; anything behind `count` of them
    count : (B,)
    """

    wave: Tensor
    samples: Tensor
    phones: Tensor
    count: Tensor


class PhoneCorpus:
    """The utterances of some shards whose phones are known.

    Parameters
    ----------
    directory : path of the shards
    device : where they are kept
    split : 'train', or 'dev' for the speakers held out
    """

    def __init__(self, directory: Path | str, device: torch.device, split: str = "train"):
        utterances, tensors = load_split(directory, split)
        chosen = [utterance for utterance in utterances if utterance.get("phones")]
        if not chosen:
            raise TrainingError(
                f"{directory}: no phones are known of the {split} split; put alignments.csv beside the recordings and "
                "prepare them again"
            )
        whole = tensors["wave"]
        self.wave = torch.from_numpy(np.concatenate([whole[u["start"] :][: u["samples"]] for u in chosen])).to(device)
        self.device = device
        # a phone's stretch reaches from the end of the one before it to the beginning of the one after it, so that
        # stretches of speech cut between any two phones have the silence around them that lies there
        numbers: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        firsts: list[int] = []
        lasts: list[int] = []
        at = 0
        for utterance in chosen:
            frames = utterance["samples"] // HOP
            said = [p for p in parse_alignment(utterance["phones"]) if p[0] != SILENCE and p[1] < frames]
            if said:
                first = len(numbers)
                numbers += [NUMBERS[name] for name, _, _ in said]
                begins += [at, *(at + end for _, _, end in said[:-1])]
                ends += [*(at + start for _, start, _ in said[1:]), at + frames]
                firsts.append(first)
                lasts += [len(numbers)] * len(said)
            at += frames
        self.numbers, self.begins, self.ends, self.firsts, self.lasts = (
            torch.tensor(column, device=device) for column in (numbers, begins, ends, firsts, lasts)
        )

    def draw(
        self, generator: torch.Generator, batch: int, frames: int, most: int, speed: Tensor | None = None
    ) -> Stretches:
        """Random stretches of up to `frames` frames and `most` phones, played at `speed` (B,).

        Half of them begin an utterance and end it if they can; half begin at any phone.
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
        end = torch.minimum(torch.minimum(end, first + most), self.lasts[first])
        count = (end - first).clamp_min(0)  # none where even the silence before the first is too long
        taken = torch.where(count > 0, self.ends[(end - 1).clamp_min(0)] - begin, 1)
        samples = (taken * HOP / speed).long().clamp(HOP, frames * HOP)
        places = (first[:, None] + torch.arange(most, device=device)).clamp(max=len(self.numbers) - 1)
        return Stretches(self._played(begin, speed, frames * HOP, samples), samples, self.numbers[places], count)

    def _played(self, begin: Tensor, speed: Tensor, length: int, samples: Tensor) -> Tensor:
        """Stretches from frames `begin` on at some speed, by cubic interpolation (Catmull-Rom); (B, length)."""
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

    def utterances(self, batch: int) -> list[Stretches]:
        """All utterances, each in full and once, in batches of similar length."""
        firsts = self.firsts.cpu()
        lasts = self.lasts.cpu()[firsts]
        begins, ends = self.begins.cpu()[firsts], self.ends.cpu()[lasts - 1]
        order = torch.argsort(ends - begins, stable=True)
        found = []
        for chosen in order.split(batch):
            frames, most = (ends - begins)[chosen].max(), (lasts - firsts)[chosen].max()
            samples = ((ends - begins)[chosen] * HOP).to(self.device)
            begin = begins[chosen].to(self.device)
            wave = self._played(begin, torch.ones(len(chosen), device=self.device), int(frames) * HOP, samples)
            places = (firsts[chosen, None] + torch.arange(int(most))).clamp(max=len(self.numbers) - 1)
            phones = self.numbers[places.to(self.device)]
            found.append(Stretches(wave, samples, phones, (lasts - firsts)[chosen].to(self.device)))
        return found
