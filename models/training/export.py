"""A trained model -> the release that encodes and decodes without torch: one safetensors file and its card."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from ..bottleneck import RVQ
from ..lpc_tables import PRE_EMPHASIS
from ..model import SpeechModel
from ..release import SAMPLER_PREFIX
from ..runtime.layers import ACTIVATION_BITS, BOOK_BITS
from ..runtime.predictor import make_tables
from ..wavenet.quantize import Ranges, calibrate, quantize
from .data import Corpus
from .run import DEFAULTS, load_weights
from .tasks import PERIODS, PITCH_REFERENCE, Decoder, draw

CALIBRATION_BATCHES = 4
EXACT = ("conditioner.", "adapter.", "wavenet.condition")
FLOAT = ("encoder.", "speaker.")


def export(
    config: dict[str, Any], weights: Path, shards: Path, output: Path, decoding: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write `output`.safetensors and `output`.json.

    Parameters
    ----------
    config : dict
        The model's config; `presets` in it names its rates.
    weights : path
        Run folder or weights file of the last training stage.
    shards : path
        Speech on which the sampler's activation ranges are measured.
    decoding : dict
        `voiced_temperature`, `unvoiced_temperature`, `floor` (share of the probability cut from each class).
    about : dict
        What else the card says: training data, scores.
    """
    model = SpeechModel(config)
    load_weights(model, weights)
    model.eval()
    if model.inputs == "mfcc":
        raise ValueError("a model fed with MFCC cannot be released: their deltas look 80 ms ahead")
    assert isinstance(model.bottleneck, RVQ)
    tensors: dict[str, NDArray[Any]] = {}
    for name, module in model.named_modules():
        if name.startswith(FLOAT) and isinstance(module, nn.Conv1d | nn.Linear):
            tensors |= {f"{name}.weight": _matrix(module).half().numpy(), f"{name}.bias": _bias(module).half().numpy()}
        elif name.startswith(EXACT) and isinstance(module, nn.Conv1d | nn.Linear):
            tensors |= _exact(name, module)
    for kind, quantiser in (("books", model.bottleneck), ("speaker_books", model.speaker_code)):
        for i, book in enumerate(quantiser.books):
            entries = np.rint(book.entries.numpy() * 2.0**BOOK_BITS)
            if np.abs(entries).max() >= 2**15:
                raise ValueError(f"an entry of {kind}.{i} is beyond 16 bits")
            tensors[f"{kind}.{i}"] = entries.astype(np.int16)
    settings = DEFAULTS | config["stage"]["decoder"]
    tensors |= make_tables(model.order, settings["gain_scale"], PITCH_REFERENCE, PERIODS)
    dilations = [layer.dilation for layer in model.wavenet.layers]
    ranges = measure_ranges(model, settings, shards)
    sampler = quantize(model.wavenet.state_dict(), ranges, dilations)
    tensors |= {SAMPLER_PREFIX + k: v for k, v in sampler.items()}
    data = save({k: np.ascontiguousarray(v) for k, v in tensors.items()})
    keep = ("model", "encoder", "bottleneck", "speaker", "conditioner", "wavenet")
    card = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "presets": config["presets"],
        "config": {k: config[k] for k in keep}
        | {
            "decoding": {
                "voiced_sharpness": round(4096 / decoding["voiced_temperature"]),
                "unvoiced_sharpness": round(4096 / decoding["unvoiced_temperature"]),
                "floor": round(65536 * decoding["floor"]),
                "pre_emphasis": PRE_EMPHASIS,
            }
        },
        "decoding": decoding,
        **about,
    }
    output.with_suffix(".safetensors").write_bytes(data)
    output.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def _matrix(module: nn.Conv1d | nn.Linear) -> Tensor:
    """Weight as (tap x input, output)."""
    weight = module.weight.detach()
    return weight.permute(2, 1, 0).flatten(0, 1) if weight.ndim == 3 else weight.T


def _bias(module: nn.Conv1d | nn.Linear) -> Tensor:
    assert module.bias is not None
    return module.bias.detach()


def _exact(name: str, module: nn.Conv1d | nn.Linear) -> dict[str, NDArray[Any]]:
    """Int16 weights of one binary scale and biases in the unit of the accumulator."""
    weight, bias = _matrix(module).double().numpy(), _bias(module).double().numpy()
    shift = 15 - math.ceil(math.log2(np.abs(weight).max() * (1 + 2.0**-15)))
    return {
        f"{name}.weight": np.rint(weight * 2.0**shift).astype(np.int16),
        f"{name}.bias": np.rint(bias * 2.0 ** (shift + ACTIVATION_BITS)).astype(np.int64),
        f"{name}.shift": np.array([shift], np.int32),
    }


def teacher_forced(
    model: SpeechModel, settings: dict[str, Any], corpus: Corpus, step: int, batch: int = 8
) -> tuple[Tensor, Tensor, Tensor]:
    """Indices (B, T, 6), conditioning (B, T/160, size) and targets (B, T) of some speech, as the decoder is trained."""
    task = Decoder(model, settings)
    stretch = draw(settings, model, corpus, step, batch, augment=False)
    with torch.no_grad():
        c, speaker, _, _ = task.condition(stretch)
        indices, target = task.excitation(stretch, c)
        return indices, model.adapter(c, speaker), target


def measure_ranges(model: SpeechModel, settings: dict[str, Any], shards: Path) -> Ranges:
    """The largest activations of the WaveNet on some speech."""
    corpus = Corpus(shards, torch.device("cpu"))
    found = []
    for step in range(CALIBRATION_BATCHES):
        indices, condition, _ = teacher_forced(model, settings, corpus, step)
        with torch.no_grad():
            found.append(calibrate(model.wavenet, indices, condition))
    return Ranges.widest(found)
