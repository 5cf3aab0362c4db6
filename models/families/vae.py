"""A variational autoencoder that codes each chunk of a waveform alone (Kingma and Welling 2014, arXiv 1312.6114)."""

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
"""Samples that share one column of the networks' inner channels."""
BLOCK = 256
"""Chunks that are scored or drawn at once: what bounds memory."""

LogLikelihood = Callable[[Tensor], Tensor]
"""log p(x|z) in nats (...) of latents z (..., D)."""


def elbo(posterior: Gaussian, log_likelihood: LogLikelihood, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The two terms of the bound log p(x) >= E_q log p(x|z) - KL(q(z|x) || N(0, 1)), in nats.

    Parameters
    ----------
    posterior : q(z|x), of shape (..., D)
    log_likelihood : what x weighs, given z
    noise : standard normal (..., D)

    Returns
    -------
    The first from one draw (...), and the second in closed form, for each latent (..., D).
    """
    return log_likelihood(posterior.draw(noise)), posterior.divergence(STANDARD)


def priced(divergence: Tensor, weight: float, free_bits: float) -> Tensor:
    """What training pays for latents of given divergences (..., D), in nats a chunk.

    Below `free_bits` on average over the batch a latent costs no less, so that nothing is gained by emptying it (Kingma
    et al. 2016, arXiv 1606.04934, eq. 15; each latent is a subset). All is weighted (beta-VAE, Higgins et al. 2017).
    """
    return weight * divergence.flatten(0, -2).mean(0).clamp_min(free_bits * math.log(2)).sum()


def importance_bound(posterior: Gaussian, log_likelihood: LogLikelihood, noises: Iterable[Tensor]) -> Tensor:
    """log of the mean of p(x, z) / q(z|x) over draws z of q(z|x): nats (...), a bound of log p(x) on average.

    Burda et al. 2016, arXiv 1509.00519, eq. 8: the ELBO with one draw, tighter with more. `noises` are standard normal,
    one (..., D) for each draw; for the rest see `elbo`.
    """
    weights = []
    for noise in noises:
        z = posterior.draw(noise)
        weights.append(log_likelihood(z) + (STANDARD.log_prob(z) - posterior.log_prob(z)).sum(-1))
    return torch.logsumexp(torch.stack(weights), 0) - math.log(len(weights))


class VaeBlock(nn.Module):
    """Residual block over (B, C, T) that looks to both sides: x + W2 silu(conv3(silu(x)))."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(F.silu(self.conv(F.silu(x))))


class ChunkVAE(Family):
    """p(chunk) = E_z p(chunk | z), z standard normal, and all chunks independent.

    Of an incomplete last chunk only the samples that are there are scored; its latents are paid for like the others'.

    Parameters
    ----------
    chunk : int
        Samples of a chunk, a multiple of 16.
    size : int
        Latents of a chunk, as many for each 16 samples.
    channels, blocks : int
        Width and residual blocks of encoder and decoder each.
    components : int
        Logistic densities of a sample, given the latents.
    free_bits : float
        Bits that each latent of a chunk may hold, on average, before training pays for them.
    weight : float
        What training pays for the latents' bits, in bits of x; 1 is the ELBO.
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
                f"chunk {chunk}, size {size}: a multiple of {STEP}, and as many latents every {STEP} samples"
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
        with torch.no_grad():  # most samples are near 0: from the first step on each component has some of its own
            _, mean, log_scale = last.bias.chunk(3)  # type: ignore[union-attr]
            mean.copy_(torch.linspace(-0.3, 0.3, components))
            log_scale.fill_(-2.0)

    def chunks(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """All chunks (B N, C) of classes (B, T), silence behind them, and which of their samples are there."""
        lacking = (0, -x.shape[1] % self.chunk)
        filled, there = F.pad(x, lacking, value=SILENCE), F.pad(torch.ones_like(x), lacking)
        return filled.reshape(-1, self.chunk), there.reshape(-1, self.chunk)

    def posterior(self, chunks: Tensor) -> Gaussian:
        """q(z|x), of shape (M, size), of chunks (M, C)."""
        return Gaussian.of(self.encoder((chunks[:, None].float() + 0.5) / (CLASSES / 4) - 2))

    def log_likelihood(self, chunks: Tensor, there: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats (M,) of those samples of chunks (M, C) that are there, given latents (M, size)."""
        return -(self.head.nll(self.decoder(z).mT, chunks) * there).sum(1)

    def draws(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """The noise of the latents."""
        shape = (batch, -(-length // self.chunk), self.size)
        return {"noise": torch.randn(shape, generator=generator, device=generator.device)}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """What is left of the ELBO where latents are priced otherwise; bits per sample.

        The figures are the ELBO itself, and the share of the latents in it.
        """
        chunks, there = self.chunks(batch["x"])
        log_likelihood = partial(self.log_likelihood, chunks, there)
        explained, divergence = elbo(self.posterior(chunks), log_likelihood, batch["noise"].flatten(0, 1))
        unit = len(chunks) / (batch["x"].numel() * math.log(2))
        latent = divergence.sum(1).mean() * unit
        left = -explained.mean() * unit
        loss = left + priced(divergence, self.weight, self.free_bits) * unit
        return loss, {"bits_per_sample": left + latent, "latent_bits_per_sample": latent}

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The ELBO in nats of each sequence, (B, T) -> (B,), from one draw of its latents."""
        return self.importance_bound(x, generator)

    @torch.no_grad()
    def importance_bound(self, x: Tensor, generator: torch.Generator | None = None, draws: int = 1) -> Tensor:
        """A bound in nats of each sequence, (B, T) -> (B,), from some draws of the latents of each chunk."""
        bounds = []
        for chunks, there in zip(*(part.split(BLOCK) for part in self.chunks(x)), strict=True):
            posterior = self.posterior(chunks)
            shape = posterior.mean.shape
            noises = (torch.randn(shape, generator=generator, device=x.device) for _ in range(draws))
            bounds.append(importance_bound(posterior, partial(self.log_likelihood, chunks, there), noises))
        return torch.cat(bounds).view(len(x), -1).sum(1)

    @torch.no_grad()
    def latent_bits(self, x: Tensor) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each sequence (B, T) -> (B,), in bits."""
        paid = [self.posterior(c).divergence(STANDARD).sum(1) for c in self.chunks(x)[0].split(BLOCK)]
        return torch.cat(paid).view(len(x), -1).sum(1) / math.log(2)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """The posterior's means (B, size, N) of the N chunks of sequences (B, T)."""
        means = [self.posterior(c).mean for c in self.chunks(x)[0].split(BLOCK)]
        return torch.cat(means).view(len(x), -1, self.size).mT

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sequences (B, N * chunk) drawn given latents (B, size, N), all samples at once."""
        drawn = [drawn_from(self.decoder(z).mT, generator) for z in latents.mT.flatten(0, 1).split(BLOCK)]
        return torch.cat(drawn).view(len(latents), -1)

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sequences (batch, length) of chunks drawn from the prior."""
        shape = (batch, self.size, -(-length // self.chunk))
        return self.decode(torch.randn(shape, generator=generator, device=self.device), generator)[:, :length]

    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Real speech (B, P) and `length` samples that know nothing of it: the model holds chunks to be independent."""
        return torch.cat((prompt, self.sample(len(prompt), length, generator)), 1)


def drawn_from(raw: Tensor, generator: torch.Generator) -> Tensor:
    """Classes (M, C) drawn from what LogisticMixtureHead takes the numbers raw (M, C, 3 K) for."""
    weight, mean, log_scale = raw.float().chunk(3, -1)
    gumbel = -torch.log(torch.empty_like(weight).exponential_(generator=generator))
    pick = (weight + gumbel).argmax(-1, keepdim=True)
    u = torch.rand(pick.shape, generator=generator, device=raw.device)
    logistic = mean.gather(-1, pick) + log_scale.gather(-1, pick).clamp(-7, 3).exp() * torch.logit(u)
    return ((logistic[..., 0] + 1) * (CLASSES / 2)).floor().clamp(0, CLASSES - 1).long()
