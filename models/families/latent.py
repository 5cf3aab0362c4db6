"""Autoregressive given latents: a WaveNet that is told what a bottleneck let through (arXiv 1711.00937, 1901.08810)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.bottleneck import RVQ, VAE, Bottleneck, make_bottleneck
from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.families.base import Batch, Family, shifted
from sottovoce.models.families.classes import CLASSES, SILENCE, samples
from sottovoce.models.families.embedding import cosines
from sottovoce.models.families.stepping import continued, scored
from sottovoce.models.features import HOP, INPUTS, SAMPLE_RATE
from sottovoce.models.jitter import draw_moves, jitter
from sottovoce.models.model import Adapter
from sottovoce.models.speaker import SpeakerEncoder
from sottovoce.models.strided_conditioner import StridedConditioner
from sottovoce.models.strided_encoder import StridedEncoder
from sottovoce.models.training import spectra
from sottovoce.models.wavenet.heads import SoftmaxHead
from sottovoce.models.wavenet.network import WaveNet


class LatentWaveNet(Family):
    """log p(x) >= log p(x | z, s) - cost of the latents z and of the speaker vector s.

    Wave -> features -> encoder -> bottleneck -> jitter -> conditioner -> WaveNet on mu-law classes. A step of AE
    costs 32 bits a dimension, of VAE latents their KL divergence from the prior, of VQ codes log2 of their number; the
    speaker vector costs its codes, once.

    Parameters
    ----------
    bottleneck : dict
        Its `kind` and settings, as bottleneck.make_bottleneck takes them.
    rate : {50, 25}
        Latents a second.
    inputs : str
        What the encoder reads: a name in features.INPUTS.
    widths, blocks : three ints
        Channels and residual blocks of the encoder at 100, 50 and 25 Hz; the conditioner's are the same the other way.
    jitter_probability : float
        That training replaces a latent by a neighbour.
    speaker, speaker_bits, speaker_channels : int, sequence of ints, int
        Size of the speaker vector, bits of the books that quantise it, and channels of the network that finds it.
    channels, cycles, dilations, condition : int
        The WaveNet's, as in wavenet.network.
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
        # nobody asks this conditioner for a spectrum
        self.conditioner = StridedConditioner(size, speaker, rate, _three(widths[::-1]), _three(blocks[::-1]), bands=0)
        self.adapter = Adapter(self.conditioner.size + speaker, condition)
        self.wavenet = WaveNet(1, channels, channels, cycles, dilations, condition, rows=CLASSES)
        self.wavenet.embed.weight.data.copy_(0.3 * cosines(channels))
        self.register_load_state_dict_pre_hook(_books_have_begun)

    @property
    def latent_rate(self) -> float:
        """Latents a second."""
        return SAMPLE_RATE / self.step

    def padded(self, x: Tensor) -> Tensor:
        """Classes (B, T) with silence behind them, up to whole latent steps."""
        return F.pad(x, (0, -x.shape[1] % self.step), value=SILENCE)

    def features(self, x: Tensor) -> Tensor:
        """What the encoder reads (B, D, T / 160) of classes (B, T), whole latent steps."""
        return spectra.encoder_input(self.inputs, spectra.frames(samples(x)))

    def voice(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Quantised speaker vectors (B, S) of classes (B, T), whole frames, and the loss of their books."""
        mel = spectra.log_mel(spectra.frames(samples(x))).transpose(1, 2)
        coded = self.speaker_code(self.speaker(mel)[:, :, None])
        return coded.latents[:, :, 0], coded.loss

    def told(self, latents: Tensor, speaker: Tensor) -> Tensor:
        """What the WaveNet is told (B, F, condition) by latents (B, D, N) and speaker vectors (B, S)."""
        return self.adapter(self.conditioner(latents, speaker), speaker)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T) given those before them and what is told, (B, T / 160, condition)."""
        return self.wavenet(shifted(x)[:, :, None], told)

    def nll(self, x: Tensor, latents: Tensor, speaker: Tensor) -> Tensor:
        """Bits of each of x (B, T) given latents and speaker, (B, T)."""
        return SoftmaxHead().nll(self(x, self.told(latents, speaker)), x) / math.log(2)

    def draws(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Moves of the jitter, and the noise of Gaussian latents."""
        steps = -(-length // self.step)
        noise = torch.randn(batch, self.bottleneck.size, steps, generator=generator, device=generator.device)
        return {"moves": draw_moves((batch, steps), self.jitter_probability, generator), "noise": noise}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """NLL given latents and what training asks of the bottleneck: of a VAE, its KL per sample; that is the ELBO.

        Out of training the figures hold `gap_bits`: how many more bits a sample costs with another stretch's latents;
        near zero where latents are ignored.
        """
        length = batch["x"].shape[1]
        x = self.padded(batch["x"])
        # half precision would choose other codes than those in use
        with torch.autocast(x.device.type, enabled=False):
            coded = self.bottleneck(self.encoder(self.features(x)), batch["noise"])
            speaker, speaker_loss = self.voice(batch["reference"])
        latents = jitter(coded.latents, batch["moves"]) if self.training else coded.latents
        nll = self.nll(x, latents, speaker)[:, :length].mean()
        paid = coded.bits / self.step
        price = coded.loss / (math.log(2) * self.step) if isinstance(self.bottleneck, VAE) else coded.loss
        log = {"bits_per_sample": nll + paid, "nll_bits": nll, "latent_bits": paid, "bits_per_step": coded.bits}
        if not self.training:
            log["gap_bits"] = self.nll(x, latents.roll(1, 0), speaker)[:, :length].mean() - nll
        return nll + price + speaker_loss, log | {f"latent/{key}": value for key, value in coded.log.items()}

    def coded(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents (B, D, N) of classes (B, T), whole latent steps, and the bits that they cost, (B,)."""
        z = self.encoder(self.features(x))
        # a bottleneck tells what a step costs on average over what it is given: so one sequence at a time
        each = [self.bottleneck(z[i : i + 1], noise[i : i + 1] if noise is not None else None) for i in range(len(z))]
        return torch.cat([one.latents for one in each]), torch.stack([one.bits for one in each]) * z.shape[2]

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The bound of each whole sequence in nats, (B, T) -> (B,), with one draw of Gaussian latents."""
        length, x = x.shape[1], self.padded(x)
        shape = (len(x), self.bottleneck.size, x.shape[1] // self.step)
        latents, bits = self.coded(x, torch.randn(shape, generator=generator, device=x.device))
        speaker, _ = self.voice(x)
        nats = scored(self.wavenet, x[:, :length], self.told(latents, speaker))
        return (nats - (bits + sum(self.speaker_code.bits)) * math.log(2)).float()

    @torch.no_grad()
    def latent_bits(self, x: Tensor) -> Tensor:
        """Bits of the latents and the speaker vector of each sequence (B, T) -> (B,)."""
        return self.coded(self.padded(x))[1] + sum(self.speaker_code.bits)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Latents of sequences (B, T), of a VAE their means, with the speaker vector below each: (B, D + S, N)."""
        x = self.padded(x)
        latents, speaker = self.coded(x)[0], self.voice(x)[0]
        return torch.cat((latents, speaker[:, :, None].expand(-1, -1, latents.shape[2])), 1)

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sequences (B, T) drawn given latents (B, D + S, N), as `encode` gives them."""
        told = self.told(latents[:, : self.bottleneck.size], latents[:, self.bottleneck.size :, 0])
        prompt = latents.new_empty(len(latents), 0, dtype=torch.long)
        return continued(self.wavenet, prompt, latents.shape[2] * self.step, told, generator)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """How the model goes on from real speech (B, P), whose speaker and whole steps are told.

        All other latents are drawn from the prior: standard normal, or all codes alike.
        """
        batch, known = prompt.shape
        latents = _drawn(self.bottleneck, batch, -(-(known + length) // self.step), generator)
        speaker = _drawn(self.speaker_code, batch, 1, generator)[:, :, 0]
        if whole := known // self.step:
            latents[:, :, :whole] = self.coded(prompt[:, : whole * self.step])[0]
            speaker = self.voice(self.padded(prompt))[0]
        return continued(self.wavenet, prompt, length, self.told(latents, speaker), generator)


def _drawn(bottleneck: Bottleneck, batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Latents (batch, D, steps) of the prior."""
    books = [module for module in bottleneck.modules() if isinstance(module, Codebook)]
    if not books:
        return torch.randn(batch, bottleneck.size, steps, generator=generator, device=generator.device)
    picks = [torch.randint(b.count, (batch, steps), generator=generator, device=generator.device) for b in books]
    found = [book.entries[pick] for book, pick in zip(books, picks, strict=True)]
    return torch.stack(found).sum(0).transpose(1, 2)


def _books_have_begun(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Files of tensors cannot say that code books have their first entries; those that are stored have them."""
    for name, book in module.named_modules(prefix=prefix.removesuffix(".")):
        if isinstance(book, Codebook):
            state.setdefault(f"{name}._extra_state", True)


def _three(numbers: Sequence[int]) -> tuple[int, int, int]:
    first, second, third = numbers
    return first, second, third
