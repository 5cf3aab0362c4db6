"""Variational autoencoder of independent waveform chunks (Kingma and Welling 2014, arXiv 1312.6114)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Batch, Family
from sottovoce.models.families.classes import CLASSES, SILENCE
from sottovoce.models.gaussian import STANDARD, Gaussian
from sottovoce.models.wavenet.heads import LogisticMixtureHead

STEP = 16
"""Total stride of the encoder: samples per column of its inner channels."""
BLOCK = 256
"""Number of chunks scored or sampled at once, which bounds memory."""

LogLikelihood = Callable[[Tensor], Tensor]
"""Function from latents z (..., D) to log p(x|z) in nats (...)."""


def elbo(posterior: Gaussian, log_likelihood: LogLikelihood, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Terms of the evidence lower bound log p(x) >= E_q log p(x|z) - KL(q(z|x) || N(0, 1)), in nats.

    Parameters
    ----------
    posterior : Gaussian [shape=(..., D)]
        q(z|x).
    log_likelihood : callable
        log p(x|z) as a function of z.
    noise : Tensor [shape=(..., D)]
        Standard normal.

    Returns
    -------
    reconstruction : Tensor [shape=(...)]
        log p(x|z) of one sample z of the posterior.
    divergence : Tensor [shape=(..., D)]
        KL divergence of each latent, in closed form.
    """
    return log_likelihood(posterior.sample(noise)), posterior.divergence(STANDARD)


def kl_penalty(divergence: Tensor, weight: float, free_bits: float) -> Tensor:
    """KL term of the training loss in nats per chunk, from divergences (..., D).

    The mean divergence of each latent over the batch is clamped from below at `free_bits`, which removes the gradient
    that would empty it (Kingma et al. 2016, arXiv 1606.04934, eq. 15, with one latent per subset). The sum is
    multiplied by `weight` (beta-VAE, Higgins et al. 2017).
    """
    return weight * divergence.flatten(0, -2).mean(0).clamp_min(free_bits * math.log(2)).sum()


def importance_bound(posterior: Gaussian, log_likelihood: LogLikelihood, noises: Iterable[Tensor]) -> Tensor:
    """Importance-weighted bound: log of the mean of p(x, z) / q(z|x) over samples z of q(z|x), in nats (...).

    Its expectation is a lower bound of log p(x): the ELBO with one sample, tighter with more (Burda et al. 2016, arXiv
    1509.00519, eq. 8). `noises` holds one standard normal tensor (..., D) per sample; for the rest see `elbo`.
    """
    weights = []
    for noise in noises:
        z = posterior.sample(noise)
        weights.append(log_likelihood(z) + (STANDARD.log_prob(z) - posterior.log_prob(z)).sum(-1))
    return torch.logsumexp(torch.stack(weights), 0) - math.log(len(weights))


class VaeBlock(nn.Module):
    """Non-causal residual block: x + W2 silu(conv3(silu(x)))."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T)."""
        return x + self.mix(F.silu(self.conv(F.silu(x))))


class ChunkVAE(Family):
    """p(chunk) = E_z p(chunk | z) with a standard normal prior of z; chunks are independent.

    In an incomplete last chunk only the existing samples are scored; its latents count in full.

    Parameters
    ----------
    chunk : int
        Samples per chunk, a multiple of 16.
    size : int
        Latents per chunk, a multiple of the number of 16-sample columns.
    channels, blocks : int
        Channels and residual blocks of the encoder and of the decoder.
    components : int
        Components of the logistic mixture of each sample.
    free_bits : float
        Minimum KL divergence per latent in the training loss, in bits.
    weight : float
        Weight of the KL divergence in the training loss; 1 gives the ELBO.
    """

    exact = False
    control = "no"

    def __init__(
        self,
        kind: str,
        chunk: int = 512,
        size: int = 256,
        channels: int = 80,
        blocks: int = 4,
        components: int = 4,
        free_bits: float = 0.0,
        weight: float = 1.0,
    ):
        super().__init__()
        if chunk % STEP or size % (chunk // STEP):
            raise ValueError(
                f"chunk {chunk}, size {size}: chunk must be a multiple of {STEP}, and size of chunk / {STEP}"
            )
        self.chunk, self.size, self.free_bits, self.weight = chunk, size, free_bits, weight
        columns, half = chunk // STEP, channels // 2
        self.encoder = nn.Sequential(
            nn.Conv1d(1, half, 8, 4, 2),
            nn.SiLU(),
            nn.Conv1d(half, channels, 8, 4, 2),
            *(VaeBlock(channels, 2**i) for i in range(blocks)),
            nn.SiLU(),
            nn.Conv1d(channels, 2 * size // columns, 1),
            nn.Flatten(),
        )
        self.head = LogisticMixtureHead(components)
        last = nn.ConvTranspose1d(half, self.head.outputs, 8, 4, 2)
        self.decoder = nn.Sequential(
            nn.Unflatten(1, (size // columns, columns)),
            nn.Conv1d(size // columns, channels, 1),
            *(VaeBlock(channels, 2**i) for i in range(blocks)),
            nn.SiLU(),
            nn.ConvTranspose1d(channels, half, 8, 4, 2),
            nn.SiLU(),
            last,
        )
        with torch.no_grad():  # most amplitudes are near 0: spread the components there from the first step on
            _, mean, log_scale = last.bias.chunk(3)  # type: ignore[union-attr]
            mean.copy_(torch.linspace(-0.3, 0.3, components))
            log_scale.fill_(-2.0)

    def chunks(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Chunks (B N, C) of classes (B, T), padded with silence, and the mask of the existing samples."""
        lacking = (0, -x.shape[1] % self.chunk)
        filled, there = F.pad(x, lacking, value=SILENCE), F.pad(torch.ones_like(x), lacking)
        return filled.reshape(-1, self.chunk), there.reshape(-1, self.chunk)

    def posterior(self, chunks: Tensor) -> Gaussian:
        """q(z|x), [shape=(M, size)], of chunks (M, C)."""
        return Gaussian.of(self.encoder((chunks[:, None].float() + 0.5) / (CLASSES / 4) - 2))

    def log_likelihood(self, chunks: Tensor, there: Tensor, z: Tensor) -> Tensor:
        """Log-likelihood log p(x|z) in nats (M,) of the existing samples of chunks (M, C), given latents (M, size)."""
        return -(self.head.nll(self.decoder(z).mT, chunks) * there).sum(1)

    def sample_noise(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Noise of the latents."""
        shape = (batch, -(-length // self.chunk), self.size)
        return {"noise": torch.randn(shape, generator=generator, device=generator.device)}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Negative ELBO in bits per sample, with the KL term replaced by `kl_penalty`.

        The figures are the negative ELBO itself and its KL term.
        """
        chunks, there = self.chunks(batch["x"])
        log_likelihood = partial(self.log_likelihood, chunks, there)
        explained, divergence = elbo(self.posterior(chunks), log_likelihood, batch["noise"].flatten(0, 1))
        unit = len(chunks) / (batch["x"].numel() * math.log(2))
        latent = divergence.sum(1).mean() * unit
        left = -explained.mean() * unit
        loss = left + kl_penalty(divergence, self.weight, self.free_bits) * unit
        return loss, {"bits_per_sample": left + latent, "latent_bits_per_sample": latent}

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """ELBO of each sequence in nats, (B, T) -> (B,), from one sample of its latents."""
        return self.importance_bound(x, generator)

    @torch.no_grad()
    def importance_bound(self, x: Tensor, generator: torch.Generator | None = None, draws: int = 1) -> Tensor:
        """Importance-weighted bound of each sequence in nats, (B, T) -> (B,), from `draws` samples of the latents."""
        bounds = []
        for chunks, there in zip(*(part.split(BLOCK) for part in self.chunks(x)), strict=True):
            posterior = self.posterior(chunks)
            shape = posterior.mean.shape
            noises = (torch.randn(shape, generator=generator, device=x.device) for _ in range(draws))
            bounds.append(importance_bound(posterior, partial(self.log_likelihood, chunks, there), noises))
        return torch.cat(bounds).view(len(x), -1).sum(1)

    @torch.no_grad()
    def latent_bits(self, x: Tensor) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each sequence in bits, (B, T) -> (B,)."""
        paid = [self.posterior(c).divergence(STANDARD).sum(1) for c in self.chunks(x)[0].split(BLOCK)]
        return torch.cat(paid).view(len(x), -1).sum(1) / math.log(2)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Posterior means (B, size, N) of the N chunks of sequences (B, T)."""
        means = [self.posterior(c).mean for c in self.chunks(x)[0].split(BLOCK)]
        return torch.cat(means).view(len(x), -1, self.size).mT

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sample sequences (B, N * chunk) given latents (B, size, N), all samples in parallel."""
        sampled = [
            sample_logistic_mixture(self.decoder(z).mT, generator) for z in latents.mT.flatten(0, 1).split(BLOCK)
        ]
        return torch.cat(sampled).view(len(latents), -1)

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sample sequences (batch, length) with latents from the prior."""
        shape = (batch, self.size, -(-length // self.chunk))
        return self.decode(torch.randn(shape, generator=generator, device=self.device), generator)[:, :length]

    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """The prompt (B, P) followed by `length` samples independent of it, as chunks are independent in this model."""
        return torch.cat((prompt, self.sample(len(prompt), length, generator)), 1)


def sample_logistic_mixture(raw: Tensor, generator: torch.Generator) -> Tensor:
    """Sample classes (M, C) from the mixture that LogisticMixtureHead defines by parameters raw (M, C, 3 K)."""
    weight, mean, log_scale = raw.float().chunk(3, -1)
    gumbel = -torch.log(torch.empty_like(weight).exponential_(generator=generator))
    pick = (weight + gumbel).argmax(-1, keepdim=True)
    u = torch.rand(pick.shape, generator=generator, device=raw.device)
    logistic = mean.gather(-1, pick) + log_scale.gather(-1, pick).clamp(-7, 3).exp() * torch.logit(u)
    return ((logistic[..., 0] + 1) * (CLASSES / 2)).floor().clamp(0, CLASSES - 1).long()
