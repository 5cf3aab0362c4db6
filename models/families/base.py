"""The interface of all families, and what those with p(next sample | past) share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.classes import SILENCE

Batch = dict[str, Tensor]


class Family(nn.Module, ABC):
    """A distribution over sequences x (B, T) of mu-law classes 0..255, int64, of any length T.

    A family is made of the keywords of a config's table `family` (all but `kind`).

    Attributes
    ----------
    exact : bool
        Whether `log_prob` is log p(x) itself, or a lower bound of it.
    control : str
        How one says what the latents hold; "–" without latents.
    domain : str
        "samples", or "mel" where x are not waveforms but pictures (B, F, 80) of mel.levels.
    conditional : str
        "mel" where `log_prob` is log p(x | mel.levels of x); "" where nothing is told.
    reference_frames : int
        Frames (10 ms) of another stretch of the same speaker that a training batch shall hold as "reference" (B, n).
    """

    exact: ClassVar[bool] = True
    control: ClassVar[str] = "–"
    domain: ClassVar[str] = "samples"
    conditional: ClassVar[str] = ""
    reference_frames: int = 0

    @property
    def device(self) -> torch.device:
        """Where the family is."""
        return next(iter(self.state_dict().values())).device

    @abstractmethod
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,); of a bound, one draw's estimate, the generator's next one."""

    def draws(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """All that is random in a training step on (batch, length) classes, on the generator's device."""
        return {}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """What training minimises, and figures to log; bits per sample unless the family says otherwise.

        `batch` has "x" (B, T), the family's `draws`, and "reference" where it wants one. Nothing else may be random.
        """
        x = batch["x"]
        bits = -self.log_prob(x).mean() / (x.shape[1] * math.log(2))
        return bits, {"bits_per_sample": bits}

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sequences (batch, length) drawn from the model."""
        return self.complete(torch.empty(batch, 0, dtype=torch.long, device=self.device), length, generator)

    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """How the model goes on from real speech (B, P): (B, P + length), the prompt in front.

        Raises
        ------
        NotImplementedError
            Where the family draws all samples at once and cannot hold some.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot hold part of what it draws")

    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, D, N) of sequences (B, T).

        Raises
        ------
        NotImplementedError
            Where the family has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no latents")

    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sequences (B, T) from latents (B, D, N); raises as `encode` does."""
        raise NotImplementedError(f"{type(self).__name__} has no latents")

    def latent_bits(self, x: Tensor) -> Tensor | None:
        """What the latents of each sequence cost (B,), in bits, as part of -log_prob; None without latents."""
        return None


class Counted(Family):
    """A family that is computed from all of the speech at once, not learned step by step."""

    @abstractmethod
    def learn(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Set the model from recordings (T,) int64, gone through once; returns figures to log."""


class Autoregressive(Family):
    """p(x) = prod p(x_t | past), exactly; before the beginning there was silence.

    `forward` scores all samples at once; `start` and `step` score one after the other with what was computed before
    kept in a state, and give the same numbers but for rounding.
    """

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256): row t is unnormalised log p(x_t = k | x_0 ... x_{t-1}), from (B, T)."""

    @abstractmethod
    def start(self, batch: int) -> Any:
        """The state in front of the first sample."""

    @abstractmethod
    def step(self, last: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits (B, 256) of the next sample from the last one (B,) and the state after the one before it.

        At the beginning `last` is SILENCE. A row does not depend on the others.
        """

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,)."""
        return nats(self(x), x)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """How the model goes on from real speech (B, P): (B, P + length), the prompt in front."""
        batch, known = prompt.shape
        out = torch.empty(batch, known + length, dtype=torch.long, device=prompt.device)
        out[:, :known] = prompt
        state, last = self.start(batch), torch.full((batch,), SILENCE, device=prompt.device)
        for t in range(known + length):
            logits, state = self.step(last, state)
            if t >= known:
                out[:, t] = torch.multinomial(F.softmax(logits.float(), -1), 1, generator=generator)[:, 0]
            last = out[:, t]
        return out


def shifted(x: Tensor) -> Tensor:
    """What was before each sample, (B, T) -> (B, T): SILENCE in front, the last one gone."""
    return F.pad(x, (1, 0), value=SILENCE)[:, :-1]


def nats(logits: Tensor, x: Tensor) -> Tensor:
    """log p of each sequence (B,) of classes x (B, T) under logits (B, T, 256)."""
    nll = F.cross_entropy(logits.float().flatten(0, 1), x.flatten(), reduction="none")
    return -nll.view(x.shape).sum(1)
