"""Linear prediction: one fixed predictor for all speech, or one that adapts to the past samples."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, SinglePassFamily
from sottovoce.models.families.classes import SILENCE, to_amplitudes
from sottovoce.models.families.logistic_mixture import LogisticMixture
from sottovoce.models.lpc import schur

FRAMES_AT_ONCE = 8192
FIT_INTERVAL = 128
"""One recording in this many is used to fit the residual distribution, which has only a few parameters."""


def autocorrelation(wave: Tensor, order: int) -> Tensor:
    """Autocorrelation of waves (..., n) at lags 0 ... order: (..., order + 1), float64."""
    spectrum = torch.fft.rfft(wave.double(), wave.shape[-1] + order)
    return torch.fft.irfft(spectrum.abs().square(), wave.shape[-1] + order)[..., : order + 1]


class LinearFamily(SinglePassFamily, Autoregressive):
    """Prediction of each sample, with a mixture of logistic distributions for the residual.

    Parameters
    ----------
    components : int
        Number of logistic components, which differ in scale.
    loudness_features : int
        Number of estimates of the residual's loudness that come with each prediction.
    """

    def __init__(self, components: int, loudness_features: int):
        super().__init__()
        self.spread = LogisticMixture(components, loudness_features)

    @abstractmethod
    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (B, T) and log loudness (B, T, loudness_features), float64, of classes (B, T) from their past."""

    def _fit_residual(self, chosen: list[Tensor]) -> dict[str, float]:
        """Fit the residual distribution to some recordings; return their bits per sample."""
        predictions = [self.predict(x[None]) for x in chosen]
        mean, loudness_features = (torch.cat([p[i][0] for p in predictions]) for i in range(2))
        self.spread.fit(torch.cat(chosen), mean, loudness_features)
        nats = sum(float(self.log_prob(x[None])) for x in chosen)
        return {"bits_per_sample": -nats / sum(map(len, chosen)) / math.log(2)}

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence in nats, (B, T) -> (B,)."""
        return self.spread.log_prob(x, *self.predict(x)).sum(1)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities (B, T, 256) of classes (B, T); row t is log p(x_t = k | x_0 ... x_{t-1})."""
        return self.spread.logits(*self.predict(x))


class Fir(LinearFamily):
    """One linear predictor for all speech (Levinson 1947), with a fixed residual distribution.

    Parameters
    ----------
    order : int
        Prediction order.
    components : int
        Logistic components of the residual distribution.
    """

    coefficients: Tensor

    def __init__(self, kind: str, order: int = 32, components: int = 1):
        super().__init__(components, loudness_features=0)
        self.register_buffer("coefficients", torch.zeros(order))

    def fit(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Predictor of least squared error over all recordings; residual distribution of every FIT_INTERVAL-th one."""
        order = len(self.coefficients)
        r, chosen = torch.zeros(order + 1, dtype=torch.float64), []
        for i, x in enumerate(recordings):
            r += autocorrelation(to_amplitudes(x), order)
            if i % FIT_INTERVAL == 0:
                chosen.append(x)
        # rounded to float16, as it is stored; this raises the residual power by millionths
        self.coefficients.copy_(schur(r)[0].half())
        return self._fit_residual(chosen)

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (B, T), float64, of classes (B, T); no loudness features."""
        order = len(self.coefficients)
        past = to_amplitudes(F.pad(x, (order, 0), value=SILENCE)[:, :-1]).double()
        mean = F.conv1d(past[:, None], self.coefficients.double().flip(0)[None, None])[:, 0]
        return mean, mean.new_zeros(*mean.shape, 0)

    def start(self, batch: int) -> Tensor:
        """Initial state: the last `order` classes, (B, order)."""
        return torch.full((batch, len(self.coefficients)), SILENCE, device=self.device)

    @torch.no_grad()
    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 256) of the next sample, given the last one (B,) and the previous state."""
        state = torch.cat((state[:, 1:], last[:, None]), 1)
        mean = to_amplitudes(state).double() @ self.coefficients.double().flip(0)
        return self.spread.logits(mean[:, None], mean.new_zeros(len(mean), 1, 0))[:, 0], state


@dataclass(frozen=True)
class Adaptation:
    """State of an AdaptiveFir, float64.

    Attributes
    ----------
    past : Tensor [shape=(B, window)]
        Last samples.
    coefficients : Tensor [shape=(B, order)]
        Predictor of the current frame.
    mean : Tensor [shape=(B,)]
        Last prediction.
    errors : Tensor [shape=(B, memories)]
        Running averages of the absolute prediction error.
    until : int
        Samples until the next frame.
    """

    past: Tensor
    coefficients: Tensor
    mean: Tensor
    errors: Tensor
    until: int


class AdaptiveFir(LinearFamily):
    """Backward-adaptive linear prediction: predictor and residual scale are estimated from past samples only.

    As in LD-CELP (ITU-T G.728, sections 3.7 and 3.8), the autocorrelation method computes a new predictor once per
    frame of `hop` samples from a sliding window, and running averages of its errors set the scale of the residual.

    Parameters
    ----------
    order : int
        Prediction order.
    window, taper_length, hop : int
        Length of the analysis window, of its taper at the newest samples, and of a frame, in samples.
    memories : list of float
        Time constants of the running averages, in samples.
    components : int
        Logistic components of the residual distribution.
    """

    WHITE = 1e-4  # white-noise correction, relative to the power: mu-law quantisation noise is not predictable
    SILENT = 1e-7
    LEAST = 3e-5  # minimum of an average error: a sixth of the narrowest class interval

    def __init__(
        self,
        kind: str,
        order: int = 24,
        window: int = 320,
        taper_length: int = 32,
        hop: int = 16,
        memories: tuple[float, ...] = (8, 32),
        components: int = 2,
    ):
        super().__init__(components, len(memories))
        self.order, self.hop, self.memories = order, hop, tuple(memories)
        rise = torch.sin(torch.arange(1, window - taper_length + 1) * (math.pi / 2 / (window - taper_length)))
        fallen = torch.cos(torch.arange(taper_length) * (math.pi / 2 / taper_length))
        self.taper: Tensor
        self.register_buffer("taper", torch.cat((rise, fallen)), persistent=False)

    def fit(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Fit the residual distribution to every FIT_INTERVAL-th recording; the predictor needs no training."""
        return self._fit_residual([x for i, x in enumerate(recordings) if i % FIT_INTERVAL == 0])

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (B, T) and log running errors (B, T, memories), float64, of classes (B, T)."""
        batch, length = x.shape
        window, padding = len(self.taper), -length % self.hop
        wave = to_amplitudes(F.pad(x, (window, padding), value=SILENCE)).double()
        pasts = wave[:, : wave.shape[1] - self.hop].unfold(1, window, self.hop).flatten(0, 1)
        coefficients = torch.cat([self._coefficients(part) for part in pasts.split(FRAMES_AT_ONCE)])
        near = wave[:, window - self.order : -1].unfold(1, self.order, 1).reshape(-1, self.hop, self.order)
        mean = (near @ coefficients.flip(1)[..., None]).view(batch, -1)[:, :length]
        wrong = (wave[:, window : window + length] - mean).abs()
        return mean, self._log_loudness(
            torch.stack([exponential_average(wrong, memory) for memory in self.memories], -1)
        )

    def _coefficients(self, past: Tensor) -> Tensor:
        """Predictors (N, order), newest sample first, from the samples (N, window) before each frame."""
        r = autocorrelation(past * self.taper, self.order)
        return schur(torch.cat((r[:, :1] * (1 + self.WHITE) + self.SILENT, r[:, 1:]), 1))[0]

    def _log_loudness(self, errors: Tensor) -> Tensor:
        return torch.log(errors + self.LEAST)

    def start(self, batch: int) -> Adaptation:
        """Initial state, before the first sample."""
        past = to_amplitudes(torch.full((batch, len(self.taper)), SILENCE, device=self.device)).double()
        nothing = past.new_zeros(batch, self.order)
        return Adaptation(past, nothing, past[:, -1], past.new_zeros(batch, len(self.memories)), until=0)

    @torch.no_grad()
    def step(self, last: Tensor, state: Adaptation) -> tuple[Tensor, Adaptation]:
        """Logits (B, 256) of the next sample, given the last one (B,) and the previous state."""
        newest = to_amplitudes(last).double()
        past = torch.cat((state.past[:, 1:], newest[:, None]), 1)
        coefficients = state.coefficients if state.until else self._coefficients(past)
        decay = past.new_tensor([math.exp(-1 / memory) for memory in self.memories])
        errors = decay * state.errors + (1 - decay) * (newest - state.mean).abs()[:, None]
        mean = (past[:, -self.order :].flip(1) * coefficients).sum(1)
        logits = self.spread.logits(mean[:, None], self._log_loudness(errors)[:, None])[:, 0]
        return logits, Adaptation(past, coefficients, mean, errors, (state.until or self.hop) - 1)


def exponential_average(x: Tensor, memory: float) -> Tensor:
    """Recursive average of the earlier values of x (B, T) at each time, with weights exp(-age / memory)."""
    decay = math.exp(-1 / memory)
    total, length, reach = (1 - decay) * F.pad(x, (1, 0))[:, :-1], x.shape[1], 1
    while reach < min(length, 64 * memory):  # each iteration doubles the number of summed values
        total = total + decay**reach * F.pad(total, (reach, 0))[:, :length]
        reach *= 2
    return total
