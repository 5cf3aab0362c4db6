"""Waveform features at 100 Hz -> latents at 50 or 25 Hz, with bounded look-ahead."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.layers import CausalConv, ResidualBlock, stack

STEP_FRAMES = {50: 2, 25: 4}


class StridedEncoder(nn.Module):
    """Strided causal convolutions with residual blocks.

    The network is causal; it looks ahead only because step n's latent is read off one step later (`ahead`), when the
    frames of step n + 1 have been seen. Its look-ahead is thus one step, plus what a frame's window reaches beyond it.

    Parameters
    ----------
    inputs : int
        Features a frame.
    latent : int
        Size of a latent.
    rate : {25, 50}
        Latents a second.
    widths : three ints
        Channels at 100, 50 and 25 Hz (the last is not used at 50 Hz).
    blocks : three ints
        Residual blocks at each of these rates.
    dilation : int
        ResidualBlock i of those at one rate looks back in strides of dilation**i frames; the look-ahead is the same.
    ahead : int
        Steps of look-ahead; a release has one.
    """

    def __init__(
        self,
        inputs: int,
        latent: int,
        rate: int = 25,
        widths: tuple[int, int, int] = (192, 256, 288),
        blocks: tuple[int, int, int] = (2, 2, 3),
        dilation: int = 1,
        ahead: int = 1,
    ):
        super().__init__()
        if rate not in STEP_FRAMES:
            raise ValueError(f"latent rate {rate} Hz: choose 25 or 50")
        self.step = STEP_FRAMES[rate]
        self.ahead = ahead
        layers: list[nn.Module] = [
            CausalConv(inputs, widths[0], 3),
            *stack(ResidualBlock, widths[0], blocks[0], dilation),
        ]
        layers += [CausalConv(widths[0], widths[1], 4, 2), *stack(ResidualBlock, widths[1], blocks[1], dilation)]
        last = widths[1]
        if rate == 25:
            layers += [CausalConv(widths[1], widths[2], 4, 2), *stack(ResidualBlock, widths[2], blocks[2], dilation)]
            last = widths[2]
        layers += [nn.ReLU(), nn.Conv1d(last, latent, 1)]
        self.layers = nn.Sequential(*layers)

    @property
    def lookahead_frames(self) -> int:
        """Frames (10 ms) after a step's own that its latent depends on."""
        return self.ahead * self.step

    def forward(self, features: Tensor, preset: Tensor | None = None) -> Tensor:
        """Features (B, inputs, F), F a multiple of the step -> latents (B, latent, F / step), for all presets alike."""
        return self.layers(F.pad(features, (0, self.lookahead_frames)))[:, :, self.ahead :]
