"""Linear prediction of a sample from those before it: one predictor for all speech, or one that adapts to the past."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, Counted
from sottovoce.models.families.classes import SILENCE, samples
from sottovoce.models.families.discretised import Logistics
from sottovoce.models.lpc import schur

FRAMES_AT_ONCE = 8192
EVERY = 128
"""Of so many recordings one is listened to for the spread about the predictions: a few numbers need no more."""


def autocorrelation(wave: Tensor, order: int) -> Tensor:
    """Lags 0 ... order of waves (..., n), (..., order + 1), float64."""
    spectrum = torch.fft.rfft(wave.double(), wave.shape[-1] + order)
    return torch.fft.irfft(spectrum.abs().square(), wave.shape[-1] + order)[..., : order + 1]


class LinearFamily(Counted, Autoregressive):
    """A prediction of each sample, and logistic distributions about it.

    Parameters
    ----------
    components : int
        Logistic distributions, of different scales.
    clues : int
        Figures of the loudness to be expected that come with a prediction.
    """

    def __init__(self, components: int, clues: int):
        super().__init__()
        self.spread = Logistics(components, clues)

    @abstractmethod
    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means (B, T) and logs of loudness (B, T, clues), float64, of the samples of (B, T) from those before each."""

    def _fit(self, heard: list[Tensor]) -> dict[str, float]:
        """Set the spread by the recordings that were kept for it; returns their bits per sample."""
        predictions = [self.predict(x[None]) for x in heard]
        mean, clues = (torch.cat([p[i][0] for p in predictions]) for i in range(2))
        self.spread.fit(torch.cat(heard), mean, clues)
        nats = sum(float(self.log_prob(x[None])) for x in heard)
        return {"bits_per_sample": -nats / sum(map(len, heard)) / math.log(2)}

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,)."""
        return self.spread.log_prob(x, *self.predict(x)).sum(1)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256): row t is log p(x_t = k | x_0 ... x_{t-1}), from (B, T)."""
        return self.spread.logits(*self.predict(x))


class Fir(LinearFamily):
    """One linear predictor for all speech (Levinson 1947), with a spread that never changes.

    Parameters
    ----------
    order : int
        Samples of the past that count.
    components : int
        Logistic distributions about the prediction.
    """

    coefficients: Tensor

    def __init__(self, kind: str, order: int = 32, components: int = 1):
        super().__init__(components, clues=0)
        self.register_buffer("coefficients", torch.zeros(order))

    def learn(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """The predictor of least squared error over all recordings, then the spread of one of EVERY."""
        order = len(self.coefficients)
        r, heard = torch.zeros(order + 1, dtype=torch.float64), []
        for i, x in enumerate(recordings):
            r += autocorrelation(samples(x), order)
            if i % EVERY == 0:
                heard.append(x)
        # half precision is what is stored; the residual grows by millionths
        self.coefficients.copy_(schur(r)[0].half())
        return self._fit(heard)

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        order = len(self.coefficients)
        past = samples(F.pad(x, (order, 0), value=SILENCE)[:, :-1]).double()
        mean = F.conv1d(past[:, None], self.coefficients.double().flip(0)[None, None])[:, 0]
        return mean, mean.new_zeros(*mean.shape, 0)

    def start(self, batch: int) -> Tensor:
        """The state in front of the first sample: the last classes (B, order)."""
        return torch.full((batch, len(self.coefficients)), SILENCE, device=self.device)

    @torch.no_grad()
    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 256) of the next sample from the last one (B,) and the state after the one before it."""
        state = torch.cat((state[:, 1:], last[:, None]), 1)
        mean = samples(state).double() @ self.coefficients.double().flip(0)
        return self.spread.logits(mean[:, None], mean.new_zeros(len(mean), 1, 0))[:, 0], state


@dataclass(frozen=True)
class Adaptation:
    """What an AdaptiveFir knows of the past, float64.

    Attributes
    ----------
    past : (B, window) samples
    coefficients : (B, order) of the frame
    mean : (B,) what was predicted last
    errors : (B, memories) running averages of how wrong the predictions were
    until : samples until the next frame
    """

    past: Tensor
    coefficients: Tensor
    mean: Tensor
    errors: Tensor
    until: int


class AdaptiveFir(LinearFamily):
    """A linear predictor and a loudness taken anew, again and again, from the samples already known.

    Backward adaptation as in LD-CELP (ITU-T G.728, sec. 3.7 and 3.8): every millisecond the window slides on, the
    autocorrelation method gives a predictor, and running averages of its errors say how wide the next are to be.

    Parameters
    ----------
    order : int
        Samples of the past that count.
    window, fall, hop : int
        Samples that a predictor is taken from, how many of them the window falls over, and for how many it serves.
    memories : list of float
        Time constants of the running averages, in samples.
    components : int
        Logistic distributions about the prediction.
    """

    WHITE = 1e-4  # of the power is added as white noise: keeps the predictor from trusting in what mu-law rounded away
    SILENT = 1e-7
    LEAST = 3e-5  # of an average error: a sixth of the narrowest class

    def __init__(
        self,
        kind: str,
        order: int = 24,
        window: int = 320,
        fall: int = 32,
        hop: int = 16,
        memories: tuple[float, ...] = (8, 32),
        components: int = 2,
    ):
        super().__init__(components, len(memories))
        self.order, self.hop, self.memories = order, hop, tuple(memories)
        rise = torch.sin(torch.arange(1, window - fall + 1) * (math.pi / 2 / (window - fall)))
        fallen = torch.cos(torch.arange(fall) * (math.pi / 2 / fall))
        self.taper: Tensor
        self.register_buffer("taper", torch.cat((rise, fallen)), persistent=False)

    def learn(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Only how wide the spread is for which loudness, from one recording of EVERY."""
        return self._fit([x for i, x in enumerate(recordings) if i % EVERY == 0])

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch, length = x.shape
        window, padding = len(self.taper), -length % self.hop
        wave = samples(F.pad(x, (window, padding), value=SILENCE)).double()
        pasts = wave[:, : wave.shape[1] - self.hop].unfold(1, window, self.hop).flatten(0, 1)
        coefficients = torch.cat([self._coefficients(part) for part in pasts.split(FRAMES_AT_ONCE)])
        near = wave[:, window - self.order : -1].unfold(1, self.order, 1).reshape(-1, self.hop, self.order)
        mean = (near @ coefficients.flip(1)[..., None]).view(batch, -1)[:, :length]
        wrong = (wave[:, window : window + length] - mean).abs()
        return mean, self._clues(torch.stack([averaged(wrong, memory) for memory in self.memories], -1))

    def _coefficients(self, past: Tensor) -> Tensor:
        """Predictors (N, order), the newest sample's first, from the samples (N, window) before each frame."""
        r = autocorrelation(past * self.taper, self.order)
        return schur(torch.cat((r[:, :1] * (1 + self.WHITE) + self.SILENT, r[:, 1:]), 1))[0]

    def _clues(self, errors: Tensor) -> Tensor:
        return torch.log(errors + self.LEAST)

    def start(self, batch: int) -> Adaptation:
        """The state in front of the first sample."""
        past = samples(torch.full((batch, len(self.taper)), SILENCE, device=self.device)).double()
        nothing = past.new_zeros(batch, self.order)
        return Adaptation(past, nothing, past[:, -1], past.new_zeros(batch, len(self.memories)), until=0)

    @torch.no_grad()
    def step(self, last: Tensor, state: Adaptation) -> tuple[Tensor, Adaptation]:
        """Logits (B, 256) of the next sample from the last one (B,) and the state after the one before it."""
        newest = samples(last).double()
        past = torch.cat((state.past[:, 1:], newest[:, None]), 1)
        coefficients = state.coefficients if state.until else self._coefficients(past)
        decay = past.new_tensor([math.exp(-1 / memory) for memory in self.memories])
        errors = decay * state.errors + (1 - decay) * (newest - state.mean).abs()[:, None]
        mean = (past[:, -self.order :].flip(1) * coefficients).sum(1)
        logits = self.spread.logits(mean[:, None], self._clues(errors)[:, None])[:, 0]
        return logits, Adaptation(past, coefficients, mean, errors, (state.until or self.hop) - 1)


def averaged(x: Tensor, memory: float) -> Tensor:
    """Of all earlier values of (B, T), weighted by exp(-age / memory): what a recursive average of them is at each."""
    decay = math.exp(-1 / memory)
    total, length, reach = (1 - decay) * F.pad(x, (1, 0))[:, :-1], x.shape[1], 1
    while reach < min(length, 64 * memory):  # each round sums over twice as many values
        total = total + decay**reach * F.pad(total, (reach, 0))[:, :length]
        reach *= 2
    return total
