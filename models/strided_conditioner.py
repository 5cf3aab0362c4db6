"""Conditioner: quantised latents and speaker vector to conditioning of the decoder, 100 frames per second."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.layers import CausalConv, ResidualBlock, Upsample, stack
from sottovoce.models.log_mel_scale import denormalised


class StridedConditioner(nn.Module):
    """Causal residual stack from the latent rate up to 100 Hz, `ahead` latent steps of look-ahead (a release has one).

    Its last hidden layer `c` conditions the WaveNet; three linear heads on it predict log-mel, log-F0 and voicing,
    from which the linear predictor, the pitch taps and the temperature are computed (lpc.py). Block i of those at one
    rate has dilation ``dilation ** i``.
    """

    def __init__(
        self,
        latent: int,
        speaker: int,
        rate: int = 25,
        widths: tuple[int, int, int] = (288, 256, 192),
        blocks: tuple[int, int, int] = (3, 2, 2),
        bands: int = 80,
        dilation: int = 1,
        ahead: int = 1,
    ):
        super().__init__()
        self.step, self.ahead = 100 // rate, ahead
        layers: list[nn.Module] = []
        width = widths[0] if rate == 25 else widths[1]
        self.enter = CausalConv(latent + speaker, width, 3)
        if rate == 25:
            layers += [*stack(ResidualBlock, widths[0], blocks[0], dilation), Upsample(widths[0], widths[1])]
        layers += [*stack(ResidualBlock, widths[1], blocks[1], dilation), Upsample(widths[1], widths[2])]
        layers += [*stack(ResidualBlock, widths[2], blocks[2], dilation), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.size = widths[2]
        self.bands = bands
        self.heads = nn.Conv1d(widths[2], bands + 2, 1)

    def forward(self, latents: Tensor, speaker: Tensor, preset: Tensor | None = None) -> Tensor:
        """Latents (B, latent, N), speaker (B, speaker) -> c (B, size, N x step), for all presets alike."""
        x = torch.cat((latents, speaker[:, :, None].expand(-1, -1, latents.shape[2])), 1)
        return self.layers(self.enter(F.pad(x, (0, self.ahead))))[:, :, self.ahead * self.step :]

    def decoded(self, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map c to log-mel (B, 80, F), log2 of F0 / 150 Hz (B, F) and voicing logit (B, F)."""
        h = self.heads(c)
        return denormalised(h[:, : self.bands]), h[:, self.bands], h[:, self.bands + 1]
