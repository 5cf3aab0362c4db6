"""The torch model of a release, to check its kernels against or to continue training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.model import SpeechModel
from sottovoce.models.release import SAMPLER_PREFIX, Release
from sottovoce.models.runtime.layers import ACTIVATION_BITS, BOOK_BITS, Array, scaled


def restore(release: Release) -> SpeechModel:
    """Return the model of a release, up to the rounding of stored weights.

    The weights of the WaveNet are on an int8 grid and are restored to within 2**-15 of the scale of their row, so
    another export gives the same integer tables, and biases that differ by at most one unit.
    """
    model = SpeechModel(release.config)
    state: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if f"{name}.weight" in release.weights and isinstance(module, nn.Conv1d | nn.Linear):
            weight = scaled(name, release.weights).astype(np.float64)
            bias = release.weights[f"{name}.bias"].astype(np.float64)
            if f"{name}.shift" in release.weights:
                shift = release.weights[f"{name}.shift"]  # one, or one for each output
                weight, bias = np.ldexp(weight, -shift), np.ldexp(bias, -shift - ACTIVATION_BITS)
            state |= {f"{name}.weight": _as_module(weight, module), f"{name}.bias": torch.from_numpy(bias)}
    if model.spectrum == "linear-core":
        state["encoder.preset.weight"] = torch.from_numpy(release.weights["encoder.preset"])
        state["conditioner.preset.weight"] = torch.from_numpy(
            release.weights["conditioner.preset"] * 2.0**-ACTIVATION_BITS
        )
    for kind, name in (("books", "bottleneck"), ("speaker_books", "speaker_code")):
        for i in range(sum(key.startswith(f"{kind}.") for key in release.weights)):
            state[f"{name}.books.{i}.entries"] = torch.from_numpy(release.weights[f"{kind}.{i}"] * 2.0**-BOOK_BITS)
    state |= {f"wavenet.{name}": tensor for name, tensor in _wavenet(release).items()}
    unknown = model.load_state_dict({k: v.float() for k, v in state.items()}, strict=False).missing_keys
    assert all(key.endswith((".uses", ".sums", "_extra_state")) for key in unknown), unknown
    for module in model.modules():
        if isinstance(module, Codebook):
            module.ready = True
            module.sums.copy_(module.entries)
    return model.eval()


def save_restored(release: Release, directory: Path) -> None:
    """Write `weights.safetensors` into a run folder, from which a training stage can `start`."""
    directory.mkdir(parents=True, exist_ok=True)
    state = restore(release).state_dict()
    save_file({k: v.contiguous() for k, v in state.items() if isinstance(v, Tensor)}, directory / "weights.safetensors")


def _as_module(matrix: Array, module: nn.Conv1d | nn.Linear) -> Tensor:
    """Weight of a module from a matrix (tap x input, output)."""
    weight = torch.from_numpy(matrix)
    if isinstance(module, nn.Linear):
        return weight.T
    return weight.view(module.kernel_size[0], module.in_channels, module.out_channels).permute(2, 1, 0)


def _wavenet(release: Release) -> dict[str, Tensor]:
    """Float weights from the integer tables of the sampler."""
    tables = {k.removeprefix(SAMPLER_PREFIX): v for k, v in release.weights.items() if k.startswith(SAMPLER_PREFIX)}
    residual, skip, hidden, gate, condition, logit = tables["units"]
    channels, skips = tables["embed"].shape[1], tables["head1"].shape[0]
    to_layer = np.concatenate((np.full(channels, residual), np.full(skips, skip)))
    found = {"embed.weight": torch.from_numpy(tables["embed"] * residual)}
    for name, unit_in, unit_out in (
        ("dilated", residual, condition),
        ("out", gate, to_layer),
        ("head1", skip, hidden),
        ("head2", hidden, logit),
    ):
        ratio = tables[f"{name}_multiplier"] * 2.0 ** -(15.0 + tables[f"{name}_shift"])
        scale = ratio * unit_out / unit_in
        weight = tables[name] * scale[..., None]
        bias = tables[f"{name}_bias"] * scale * unit_in if f"{name}_bias" in tables else None
        for i in range(len(weight) if weight.ndim == 3 else 1):
            prefix = f"layers.{i}.{name}" if weight.ndim == 3 else name
            found[f"{prefix}.weight"] = torch.from_numpy(weight[i] if weight.ndim == 3 else weight)
            if bias is not None:
                found[f"{prefix}.bias"] = torch.from_numpy(bias[i] if weight.ndim == 3 else bias)
    return found
