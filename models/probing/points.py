"""Latent vectors at the probing points of a model: before, in and after its bottleneck."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.bottleneck import VAE
from sottovoce.models.families.latent import LatentWaveNet

POINTS = ("p_enc", "p_proj", "p_bn", "p_draw", "p_cond")


@torch.no_grad()
def points(model: LatentWaveNet, x: Tensor, generator: torch.Generator) -> tuple[dict[str, Tensor], float]:
    """Vectors of a recording at each probing point, and the rate of its latents.

    Parameters
    ----------
    model : LatentWaveNet
        Not modified; no gradients are computed.
    x : Tensor of int64 [shape=(T,)]
        Mu-law classes.
    generator : torch.Generator
        Source of the noise of Gaussian latents.

    Returns
    -------
    dict of Tensor [shape=(N, D)]
        p_enc, the encoder before its last projection; p_proj, the projection; p_bn, after the bottleneck without noise;
        p_draw (VAE only), with the noise that its rate corresponds to; p_cond, the output of the conditioner with a
        zero speaker vector, averaged over the frames of a step.
    float
        Bits of all steps.
    """
    encoder = model.encoder
    features = model.features(model.padded(x[None]))
    hidden = encoder.layers[:-1](F.pad(features, (0, encoder.lookahead_frames)))[:, :, encoder.ahead :]
    projected = encoder.layers[-1](hidden)
    noise = torch.randn(projected.shape, generator=generator)
    used = model.bottleneck(projected, noise)
    no_speaker = projected.new_zeros(1, model.speaker_code.size)
    c = model.conditioner(used.latents, no_speaker).unflatten(2, (-1, encoder.step)).mean(3)
    found = {"p_enc": hidden, "p_proj": projected, "p_bn": model.bottleneck(projected).latents, "p_cond": c}
    if isinstance(model.bottleneck, VAE):
        found["p_draw"] = used.latents
    return {name: found[name][0].T for name in POINTS if name in found}, float(used.bits) * projected.shape[2]
