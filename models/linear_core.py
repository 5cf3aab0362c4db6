"""Stage 1 with a linear core: a transform of log-mel blocks that starts as their KLT, and residual networks around it.

Encoder and conditioner run at the rate of the latents throughout. The quantiser between them sees transform
coefficients, so that a squared error of latents is one of log-mel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.features import BANDS
from sottovoce.models.layers import CausalConv, ResidualBlock, cycled
from sottovoce.models.log_mel_scale import denormalised


class LinearCoreEncoder(nn.Module):
    """Linear transform of a step's log-mel frames, plus what a causal network adds to it.

    ``z = V x + f(x, past, next)``: x holds the features of the frames of one step (a block). V is the linear core,
    which starts as the Karhunen-Loeve transform of log-mel blocks (`initialise`), and the last layer of f starts at
    zero. So training starts from a good transform code, and a squared error in z is one in log-mel.

    The network is causal; it looks ahead only because the latent of a step is read `ahead` steps later. The look-ahead
    is thus `ahead` steps, plus the part of a frame's window that lies beyond them.

    Parameters
    ----------
    inputs : int
        Features of a frame, of which the first 80 are log-mel.
    latent : int
        Size of a latent.
    presets : int
        Presets of the model: the network knows for which of them it encodes.
    rate : {25, 50}
        Latents per second.
    width : int
        Channels of the network.
    blocks : int
        Residual blocks.
    cycle : int
        Block i has dilation ``2 ** (i % cycle)``.
    ahead : int
        Steps of look-ahead; a released model has one.
    """

    def __init__(
        self,
        inputs: int,
        latent: int,
        presets: int = 1,
        rate: int = 25,
        width: int = 384,
        blocks: int = 4,
        cycle: int = 4,
        ahead: int = 1,
    ):
        super().__init__()
        self.step = 100 // rate
        self.ahead = ahead
        self.core = nn.Conv1d(BANDS * self.step, latent, 1)
        self.enter = CausalConv(inputs * self.step, width, 2)
        self.preset = nn.Embedding(presets, width)
        nn.init.zeros_(self.preset.weight)
        out = nn.Conv1d(width, latent, 1)
        nn.init.zeros_(out.weight)
        nn.init.zeros_(out.bias)  # type: ignore[arg-type]
        self.layers = nn.Sequential(*cycled(ResidualBlock, width, blocks, cycle), nn.ReLU(), out)

    @property
    def lookahead_frames(self) -> int:
        """Number of frames (10 ms) after those of a step that its latent depends on."""
        return self.ahead * self.step

    @torch.no_grad()
    def initialise(self, basis: Tensor, mean: Tensor) -> None:
        """Set the linear core to a basis (latent, 80 x step) of blocks whose mean is `mean` (80 x step,)."""
        assert self.core.bias is not None
        self.core.weight.copy_(basis[:, :, None])
        self.core.bias.copy_(-basis @ mean)

    def forward(self, features: Tensor, preset: Tensor | None = None) -> Tensor:
        """Features to latents.

        Parameters
        ----------
        features : Tensor [shape=(B, inputs, F)]
            F is a multiple of the frames of a step.
        preset : Tensor [shape=(B,)], optional
            Index of the preset of each example; without it the last one.

        Returns
        -------
        Tensor [shape=(B, latent, F / step)]
        """
        batch, inputs, frames = features.shape
        blocks = features.view(batch, inputs, frames // self.step, self.step).permute(0, 3, 1, 2)
        h = self.enter(F.pad(blocks.flatten(1, 2), (0, self.ahead)))
        if preset is None:
            preset = torch.full((batch,), self.preset.num_embeddings - 1, device=h.device)
        more = self.layers(h + self.preset(preset)[:, :, None])[:, :, self.ahead :]
        return self.core(blocks[:, :, :BANDS].flatten(1, 2)) + more


class LinearCoreConditioner(nn.Module):
    """Linear transform of a step's latent, plus what a causal network with `ahead` steps of look-ahead adds to it.

    ``x = U z + g(z, past, next, speaker)``: x holds, for each frame of a step, normalised log-mel, log-F0 and voicing.
    U is the linear core, which starts as the inverse of the encoder's (`initialise`), and the last layer of g starts at
    zero. From x the linear predictor, the pitch taps and the WaveNet's conditioning are taken.

    Parameters
    ----------
    latent, speaker : int
        Sizes of latent and speaker vector.
    presets, rate, width, blocks, cycle, ahead
        As of the `LinearCoreEncoder`.
    """

    size = BANDS + 2

    def __init__(
        self,
        latent: int,
        speaker: int,
        presets: int = 1,
        rate: int = 25,
        width: int = 384,
        blocks: int = 7,
        cycle: int = 4,
        ahead: int = 1,
    ):
        super().__init__()
        self.step, self.ahead = 100 // rate, ahead
        self.core = nn.Conv1d(latent, self.size * self.step, 1)
        self.enter = CausalConv(latent + speaker, width, 3)
        self.preset = nn.Embedding(presets, width)
        nn.init.zeros_(self.preset.weight)
        self.layers = nn.Sequential(*cycled(ResidualBlock, width, blocks, cycle), nn.ReLU())
        self.heads = nn.Conv1d(width, self.size * self.step, 1)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)  # type: ignore[arg-type]

    @torch.no_grad()
    def initialise(self, basis: Tensor, mean: Tensor) -> None:
        """Set the linear core to the inverse of the encoder's: see `LinearCoreEncoder.initialise`."""
        assert self.core.bias is not None
        nn.init.zeros_(self.core.weight)
        nn.init.zeros_(self.core.bias)
        weight = self.core.weight.view(self.step, self.size, -1)
        weight[:, :BANDS] = basis.T.view(self.step, BANDS, -1)
        self.core.bias.view(self.step, self.size)[:, :BANDS] = mean.view(self.step, BANDS)

    def forward(self, latents: Tensor, speaker: Tensor, preset: Tensor | None = None) -> Tensor:
        """Latents to conditioning.

        Parameters
        ----------
        latents : Tensor [shape=(B, latent, N)]
        speaker : Tensor [shape=(B, speaker)]
        preset : Tensor [shape=(B,)], optional
            Index of the preset of each example; without it the last one.

        Returns
        -------
        Tensor [shape=(B, 82, N x step)]
            Log-mel as ``(mel + 5) / 4``, log2 of F0 / 150 Hz, and voicing logit of each frame.
        """
        batch, _, steps = latents.shape
        x = torch.cat((latents, speaker[:, :, None].expand(-1, -1, steps)), 1)
        if preset is None:
            preset = torch.full((batch,), self.preset.num_embeddings - 1, device=x.device)
        h = self.enter(F.pad(x, (0, self.ahead))) + self.preset(preset)[:, :, None]
        y = self.core(latents) + self.heads(self.layers(h))[:, :, self.ahead :]
        return y.view(batch, self.step, self.size, steps).permute(0, 2, 3, 1).flatten(2)

    @staticmethod
    def decoded(c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Conditioning (B, 82, F) -> log-mel (B, 80, F), log2 of F0 / 150 Hz (B, F), voicing logit (B, F)."""
        return denormalised(c[:, :BANDS]), c[:, BANDS], c[:, BANDS + 1]
