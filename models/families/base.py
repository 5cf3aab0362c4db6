"""Interface of all model families, and the base class of the autoregressive ones."""

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

    The constructor takes the keys of a config's table `family` as keywords.

    Attributes
    ----------
    exact : bool
        True if `log_prob` returns log p(x), False if it returns a lower bound.
    control : str
        Whether the information in the latents can be controlled: "yes", "no", or "–" for a family without latents.
    domain : str
        "samples", or "mel" for a family of spectrograms (B, F, 80) quantised by mel.levels.
    conditional : str
        "mel" if `log_prob` returns log p(x | mel.levels(x)), "" for an unconditional family.
    reference_frames : int
        Number of frames (10 ms) of another crop of the same speaker that a training batch needs as "reference" (B, n);
        0 for none.
    """

    exact: ClassVar[bool] = True
    control: ClassVar[str] = "–"
    domain: ClassVar[str] = "samples"
    conditional: ClassVar[str] = ""
    reference_frames: int = 0

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return next(iter(self.state_dict().values())).device

    @abstractmethod
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence, or a lower bound of it.

        Parameters
        ----------
        x : Tensor of int64 [shape=(B, T)]
        generator : torch.Generator, optional
            Source of the noise with which a bound is estimated.

        Returns
        -------
        Tensor of float32 or float64, nats [shape=(B,)]
        """

    def sample_noise(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Random tensors that `loss` needs for a batch of (batch, length) classes, on the generator's device."""
        return {}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Training loss, in bits per sample unless the family says otherwise, and figures to log.

        Parameters
        ----------
        batch : dict of Tensor
            "x" (B, T), the tensors of `sample_noise`, and "reference" if `reference_frames` is not 0. The loss is a
            function of the batch and the weights: no other random numbers may be used.
        """
        x = batch["x"]
        bits = -self.log_prob(x).mean() / (x.shape[1] * math.log(2))
        return bits, {"bits_per_sample": bits}

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sample sequences (batch, length) from the model."""
        return self.complete(torch.empty(batch, 0, dtype=torch.long, device=self.device), length, generator)

    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Sample a continuation of a prompt.

        Parameters
        ----------
        prompt : Tensor of int64 [shape=(B, P)]
            Classes of real speech.
        length : int
            Number of samples to generate.

        Returns
        -------
        Tensor of int64 [shape=(B, P + length)]
            The prompt and its continuation.

        Raises
        ------
        NotImplementedError
            If the family generates all samples at once and cannot keep a prompt fixed.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot continue a prompt")

    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, D, N) of sequences (B, T).

        Raises
        ------
        NotImplementedError
            If the family has no latents.
        """
        raise NotImplementedError(f"{type(self).__name__} has no latents")

    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sample sequences (B, T) given latents (B, D, N); raises NotImplementedError as `encode` does."""
        raise NotImplementedError(f"{type(self).__name__} has no latents")

    def latent_bits(self, x: Tensor) -> Tensor | None:
        """Rate of the latents of each sequence (B,) in bits, which is part of -log_prob; None without latents."""
        return None


class SinglePassFamily(Family):
    """A family whose parameters are estimated in one pass over the speech, without gradient steps."""

    @abstractmethod
    def fit(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Estimate the parameters from recordings (T,) int64, read once; return figures to log."""


class Autoregressive(Family):
    """p(x) = prod_t p(x_t | x_0 ... x_{t-1}), exact; the samples before the first one are SILENCE.

    `forward` computes the logits of all samples in parallel. `start` and `step` compute them sequentially from a
    state; both agree up to rounding.
    """

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T); row t is unnormalised log p(x_t = k | x_0 ... x_{t-1})."""

    @abstractmethod
    def start(self, batch: int) -> Any:
        """Initial state, before the first sample."""

    @abstractmethod
    def step(self, last: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits of the next sample, and the new state.

        Parameters
        ----------
        last : Tensor of int64 [shape=(B,)]
            Most recent sample; SILENCE at the first step.
        state
            State returned by `start` or by the previous step.

        Returns
        -------
        logits : Tensor [shape=(B, 256)]
            Each row depends only on the same row of `last` and of the state.
        state
        """

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence in nats, (B, T) -> (B,)."""
        return sequence_log_prob(self(x), x)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Sample a continuation of a prompt (B, P), one sample at a time: (B, P + length)."""
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


def shift_right(x: Tensor) -> Tensor:
    """Delay sequences by one sample, (B, T) -> (B, T): SILENCE is prepended and the last sample dropped."""
    return F.pad(x, (1, 0), value=SILENCE)[:, :-1]


def sequence_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Log-likelihood (B,) in nats of classes x (B, T) under logits (B, T, 256)."""
    nll = F.cross_entropy(logits.float().flatten(0, 1), x.flatten(), reduction="none")
    return -nll.view(x.shape).sum(1)
