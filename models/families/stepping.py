"""A WaveNet on long sequences: scoring in blocks, and sampling step by step."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.base import sequence_log_prob, shift_right
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.wavenet.network import WaveNet, WaveNetLayer, gated
from sottovoce.models.wavenet.units import FRAME

BLOCK = 100
"""Number of frames scored at once, which bounds memory."""


def score(network: WaveNet, x: Tensor, condition: Tensor) -> Tensor:
    """Log-likelihood (B,) in nats of sequences (B, T) given a conditioning (B, F, condition) with 160 F >= T."""
    before, reach = shift_right(x)[:, :, None], -(-network.receptive_field // FRAME)
    total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for first in range(0, -(-x.shape[1] // FRAME), BLOCK):
        begin, end = max(0, first - reach), first + BLOCK
        piece = before[:, begin * FRAME : end * FRAME]
        piece = F.pad(piece, (0, 0, 0, -piece.shape[1] % FRAME))
        piece_condition = condition[:, begin : begin + piece.shape[1] // FRAME]
        target = x[:, first * FRAME : end * FRAME]
        logits = network(piece, piece_condition)[:, (first - begin) * FRAME :][:, : target.shape[1]]
        total += sequence_log_prob(logits, target)
    return total


@torch.no_grad()
def continue_sampling(
    network: WaveNet, prompt: Tensor, length: int, condition: Tensor, generator: torch.Generator
) -> Tensor:
    """Continue a prompt (B, P) by sampling, given a conditioning (B, F, condition) of the result (B, P + length)."""
    known = prompt.shape[1]
    out = F.pad(prompt, (0, length), value=SILENCE)
    # samples before the receptive field have no effect
    first = max(0, known - network.receptive_field) // FRAME * FRAME
    last = out[:, first - 1] if first else torch.full_like(out[:, 0], SILENCE)
    stepping = WaveNetStepper(network, len(prompt))
    for t in range(first, out.shape[1]):
        if t % FRAME == 0:
            stepping.set_condition(condition[:, t // FRAME])
        logits = stepping(last[:, None])
        if t >= known:
            out[:, t] = torch.multinomial(F.softmax(logits.float(), -1), 1, generator=generator)[:, 0]
        last = out[:, t]
    return out


class WaveNetStepper:
    """State of a WaveNet that is evaluated one sample at a time.

    A queue holds the last d inputs of each layer with dilation d, so that a sample costs one column of the network
    (Le Paine et al. 2016, Fast WaveNet, arXiv 1611.09482).
    """

    @torch.no_grad()
    def __init__(self, network: WaveNet, batch: int):
        self.network, self.time = network, 0
        layers = [layer for layer in network.layers if isinstance(layer, WaveNetLayer)]
        # weights are rounded to their grid once, not at every sample
        self.weights = [(layer.dilated.grid_weight(), layer.out.grid_weight(), layer.out.bias) for layer in layers]
        self.heads = [(head.grid_weight(), head.bias) for head in (network.head1, network.head2)]
        zeros = network.embed.weight.new_zeros
        self.queues = [zeros(batch, dilation, network.channels) for dilation in network.dilations]
        self.biases: tuple[Tensor, ...] = ()

    @torch.no_grad()
    def set_condition(self, condition: Tensor) -> None:
        """Set the conditioning (B, condition) of the following samples."""
        self.biases = self.network.condition(condition[:, None]).chunk(len(self.queues), -1)

    @torch.no_grad()
    def __call__(self, indices: Tensor) -> Tensor:
        """Output parameters (B, outputs) of the next sample, given input classes (B, inputs)."""
        x = self.network.embed(indices + self.network.offsets).sum(1, keepdim=True)
        skips = x.new_zeros(len(x), 1, self.network.skip)
        for queue, bias, weights in zip(self.queues, self.biases, self.weights, strict=True):
            place = self.time % queue.shape[1]
            past = queue[:, place : place + 1].clone()
            queue[:, place : place + 1] = x
            x, skips = gated(x, past, skips, bias, *weights)
        self.time += 1
        for weight, bias in self.heads:
            skips = F.linear(F.relu(skips), weight, bias)
        return skips[:, 0]
