"""WaveNet autoencoder: a WaveNet conditioned on quantised or Gaussian latents (arXiv 1711.00937, 1901.08810)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.bottleneck import RVQ, VAE, Bottleneck, make_bottleneck
from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.families.base import Batch, Family, shift_right
from sottovoce.models.families.classes import CLASSES, SILENCE, to_amplitudes
from sottovoce.models.families.embedding import cosine_embedding
from sottovoce.models.families.stepping import continue_sampling, score
from sottovoce.models.features import HOP, INPUTS, SAMPLE_RATE
from sottovoce.models.jitter import jitter, sample_moves
from sottovoce.models.model import Adapter
from sottovoce.models.speaker import SpeakerEncoder
from sottovoce.models.strided_conditioner import StridedConditioner
from sottovoce.models.strided_encoder import StridedEncoder
from sottovoce.models.training import spectra
from sottovoce.models.wavenet.heads import SoftmaxHead
from sottovoce.models.wavenet.network import WaveNet


class LatentWaveNet(Family):
    """log p(x) >= log p(x | z, s) - rate of the latents z and of the speaker vector s.

    Wave -> features -> encoder -> bottleneck -> jitter -> conditioner -> WaveNet on mu-law classes. The rate of a
    latent step is 32 bits per dimension for AE, the KL divergence from the prior for VAE, and log2 of the number of
    codes for VQ; the quantised speaker vector is counted once per sequence.

    Parameters
    ----------
    bottleneck : dict
        `kind` and settings, the arguments of bottleneck.make_bottleneck.
    rate : {50, 25}
        Latent steps per second.
    inputs : str
        Input features of the encoder, a key of features.INPUTS.
    widths, blocks : sequence of int [shape=(3,)]
        Channels and residual blocks of the encoder at 100, 50 and 25 Hz; reversed for the conditioner.
    jitter_probability : float
        Probability that training replaces a latent by a neighbour.
    speaker, speaker_bits, speaker_channels : int, sequence of int, int
        Size of the speaker vector, bits of the codebooks that quantise it, and channels of the speaker encoder.
    channels, cycles, dilations, condition : int
        Settings of the WaveNet, as in wavenet.network.
    """

    exact = False
    control = "yes"
    reference_frames = 200

    def __init__(
        self,
        kind: str,
        bottleneck: dict[str, Any],
        rate: int = 50,
        inputs: str = "mfcc",
        widths: Sequence[int] = (48, 80, 80),
        blocks: Sequence[int] = (1, 1, 1),
        jitter_probability: float = 0.12,
        speaker: int = 8,
        speaker_bits: Sequence[int] = (8,) * 8,
        speaker_channels: int = 32,
        channels: int = 40,
        cycles: int = 2,
        dilations: int = 9,
        condition: int = 48,
    ):
        super().__init__()
        if inputs not in INPUTS:
            raise ValueError(f"inputs {inputs!r}: choose one of {', '.join(INPUTS)}")
        self.inputs, self.jitter_probability = inputs, jitter_probability
        self.bottleneck = make_bottleneck(**bottleneck)
        size = self.bottleneck.size
        self.encoder = StridedEncoder(INPUTS[inputs][1], size, rate, _three(widths), _three(blocks))
        self.step = self.encoder.step * HOP
        self.speaker = SpeakerEncoder(speaker, channels=speaker_channels, blocks=1)
        self.speaker_code = RVQ(speaker, list(speaker_bits))
        # this conditioner has no spectral output
        self.conditioner = StridedConditioner(size, speaker, rate, _three(widths[::-1]), _three(blocks[::-1]), bands=0)
        self.adapter = Adapter(self.conditioner.size + speaker, condition, condition)
        self.wavenet = WaveNet(1, channels, channels, cycles, dilations, condition, rows=CLASSES)
        self.wavenet.embed.weight.data.copy_(0.3 * cosine_embedding(channels))
        self.register_load_state_dict_pre_hook(_mark_codebooks_initialised)

    @property
    def latent_rate(self) -> float:
        """Latent steps per second."""
        return SAMPLE_RATE / self.step

    def padded(self, x: Tensor) -> Tensor:
        """Classes (B, T), padded with silence to whole latent steps."""
        return F.pad(x, (0, -x.shape[1] % self.step), value=SILENCE)

    def features(self, x: Tensor) -> Tensor:
        """Input features of the encoder (B, D, T / 160) of classes (B, T), T whole latent steps."""
        return spectra.encoder_input(self.inputs, spectra.frames(to_amplitudes(x)))

    def speaker_vectors(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Quantised speaker vectors (B, S) of classes (B, T), T whole frames, and the loss of their codebooks."""
        mel = spectra.log_mel(spectra.frames(to_amplitudes(x))).transpose(1, 2)
        coded = self.speaker_code(self.speaker(mel)[:, :, None])
        return coded.latents[:, :, 0], coded.loss

    def conditioning(self, latents: Tensor, speaker: Tensor) -> Tensor:
        """Conditioning of the WaveNet (B, F, condition) from latents (B, D, N) and speaker vectors (B, S)."""
        return self.adapter(self.conditioner(latents, speaker), speaker)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T), given their past and the conditioning (B, T / 160, condition)."""
        return self.wavenet(shift_right(x)[:, :, None], condition)

    def nll(self, x: Tensor, latents: Tensor, speaker: Tensor) -> Tensor:
        """Negative log-likelihood in bits (B, T) of classes x (B, T), given latents and speaker vectors."""
        return SoftmaxHead().nll(self(x, self.conditioning(latents, speaker)), x) / math.log(2)

    def sample_noise(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Displacements of the time jitter, and noise for Gaussian latents."""
        steps = -(-length // self.step)
        noise = torch.randn(batch, self.bottleneck.size, steps, generator=generator, device=generator.device)
        return {"moves": sample_moves((batch, steps), self.jitter_probability, generator), "noise": noise}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Negative log-likelihood given the latents, plus the loss of the bottleneck.

        For a VAE the bottleneck's loss is its KL divergence per sample, so that the sum is the negative ELBO. In
        evaluation mode the figures include `gap_bits`: the increase of the bits per sample if the latents of another
        crop are used; near zero if the decoder ignores the latents.
        """
        length = batch["x"].shape[1]
        x = self.padded(batch["x"])
        # in half precision the quantiser would choose other codes than at inference
        with torch.autocast(x.device.type, enabled=False):
            coded = self.bottleneck(self.encoder(self.features(x)), batch["noise"])
            speaker, speaker_loss = self.speaker_vectors(batch["reference"])
        latents = jitter(coded.latents, batch["moves"]) if self.training else coded.latents
        nll = self.nll(x, latents, speaker)[:, :length].mean()
        paid = coded.bits / self.step
        price = coded.loss / (math.log(2) * self.step) if isinstance(self.bottleneck, VAE) else coded.loss
        log = {"bits_per_sample": nll + paid, "nll_bits": nll, "latent_bits": paid, "bits_per_step": coded.bits}
        if not self.training:
            log["gap_bits"] = self.nll(x, latents.roll(1, 0), speaker)[:, :length].mean() - nll
        return nll + price + speaker_loss, log | {f"latent/{key}": value for key, value in coded.log.items()}

    def quantise(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents (B, D, N) of classes (B, T), T whole latent steps, and their rate in bits, (B,)."""
        z = self.encoder(self.features(x))
        # one sequence at a time, because a bottleneck returns its rate averaged over the batch
        each = [self.bottleneck(z[i : i + 1], noise[i : i + 1] if noise is not None else None) for i in range(len(z))]
        return torch.cat([one.latents for one in each]), torch.stack([one.bits for one in each]) * z.shape[2]

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Lower bound of the log-likelihood in nats, (B, T) -> (B,), from one sample of Gaussian latents."""
        length, x = x.shape[1], self.padded(x)
        shape = (len(x), self.bottleneck.size, x.shape[1] // self.step)
        latents, bits = self.quantise(x, torch.randn(shape, generator=generator, device=x.device))
        speaker, _ = self.speaker_vectors(x)
        nats = score(self.wavenet, x[:, :length], self.conditioning(latents, speaker))
        return (nats - (bits + sum(self.speaker_code.bits)) * math.log(2)).float()

    @torch.no_grad()
    def latent_bits(self, x: Tensor) -> Tensor:
        """Rate in bits of the latents and the speaker vector of each sequence, (B, T) -> (B,)."""
        return self.quantise(self.padded(x))[1] + sum(self.speaker_code.bits)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Latents of sequences (B, T) (means for a VAE), each with the speaker vector appended: (B, D + S, N)."""
        x = self.padded(x)
        latents, speaker = self.quantise(x)[0], self.speaker_vectors(x)[0]
        return torch.cat((latents, speaker[:, :, None].expand(-1, -1, latents.shape[2])), 1)

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sample sequences (B, T) given latents (B, D + S, N) as returned by `encode`."""
        condition = self.conditioning(latents[:, : self.bottleneck.size], latents[:, self.bottleneck.size :, 0])
        prompt = latents.new_empty(len(latents), 0, dtype=torch.long)
        return continue_sampling(self.wavenet, prompt, latents.shape[2] * self.step, condition, generator)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Sample a continuation of a prompt (B, P): (B, P + length).

        The latents of the prompt's whole steps and its speaker vector are encoded; all other latents are sampled from
        the prior, which is standard normal or uniform over the codes.
        """
        batch, known = prompt.shape
        latents = _sample_prior(self.bottleneck, batch, -(-(known + length) // self.step), generator)
        speaker = _sample_prior(self.speaker_code, batch, 1, generator)[:, :, 0]
        if whole := known // self.step:
            latents[:, :, :whole] = self.quantise(prompt[:, : whole * self.step])[0]
            speaker = self.speaker_vectors(self.padded(prompt))[0]
        return continue_sampling(self.wavenet, prompt, length, self.conditioning(latents, speaker), generator)


def _sample_prior(bottleneck: Bottleneck, batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Latents (batch, D, steps) sampled from the prior."""
    books = [module for module in bottleneck.modules() if isinstance(module, Codebook)]
    if not books:
        return torch.randn(batch, bottleneck.size, steps, generator=generator, device=generator.device)
    picks = [torch.randint(b.count, (batch, steps), generator=generator, device=generator.device) for b in books]
    found = [book.entries[pick] for book, pick in zip(books, picks, strict=True)]
    return torch.stack(found).sum(0).transpose(1, 2)


def _mark_codebooks_initialised(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Mark loaded codebooks as initialised, which a file that holds only tensors cannot express."""
    for name, book in module.named_modules(prefix=prefix.removesuffix(".")):
        if isinstance(book, Codebook):
            state.setdefault(f"{name}._extra_state", True)


def _three(numbers: Sequence[int]) -> tuple[int, int, int]:
    first, second, third = numbers
    return first, second, third
