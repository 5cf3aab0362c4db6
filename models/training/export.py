"""Export of a trained model to a release, which needs no torch: a safetensors file and its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from sottovoce.models.bottleneck import RVQ
from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.lpc_tables import ORDER, PRE_EMPHASIS
from sottovoce.models.model import SpeechModel
from sottovoce.models.release import METADATA, SAMPLER_PREFIX, write
from sottovoce.models.runtime.contrast import CONTRAST_BITS
from sottovoce.models.runtime.layers import ACTIVATION_BITS, ACTIVATION_LIMIT, BOOK_BITS
from sottovoce.models.runtime.predictor import make_tables
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.run import load_weights
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.training.tasks import PERIODS, PITCH_REFERENCE, DecoderObjective, sample_batch
from sottovoce.models.wavenet.quantize import Ranges, calibrate, quantize
from sottovoce.models.wavenet.units import INVERSE_TEMPERATURE_BITS, PROBABILITY_FLOOR_BITS

CALIBRATION_BATCHES = 4
# 8 bits suffice for the many weights of the deep stacks. The output layers for pitch, predictor and conditioning have
# few weights, and no later layer compensates for their rounding.
BYTES = ("conditioner.enter", "conditioner.layers.")
WORDS = ("conditioner.heads", "conditioner.core", "adapter.", "wavenet.condition")
FLOAT = ("encoder.", "speaker.")
MIN_RANGE = 2.0**-10  # lower limit of the largest weight, so that weights of zero have a scale too


def export(config: dict[str, Any], weights: Path, shards: Path, output: Path, *, force: bool = False) -> None:
    """Write a release: `output`.safetensors and its card, `output`.json.

    Parameters
    ----------
    config : dict
        The model's config. `presets` names its rates, `about` goes into the card, and `decoding` has
        `voiced_temperature`, `unvoiced_temperature`, `floor` (probability floor, as a fraction of the total),
        `envelope_passes` (number of post-filters) and, optionally, `contrast` (sharpening along time of the log-mel for
        the post-filter).
    weights : Path
        Run folder or weights file of the last training stage.
    shards : Path
        Speech on which the sampler's activation ranges are measured.
    output : Path
        Path of the release, without suffix.
    force : bool
        Whether a release of that name is replaced.

    Raises
    ------
    ValueError
        When the runtime cannot compute such a model.
    """
    model = SpeechModel(config)
    load_weights(model, weights)
    model.eval()
    _validate(model)
    settings = DEFAULTS | _decoder_stage(config)
    tensors = _network_tensors(model) | _codebook_tensors(model)
    tensors |= make_tables(model.order, settings["gain_scale"], PITCH_REFERENCE, PERIODS)
    ranges = measure_ranges(model, settings, shards)
    sampler = quantize(model.wavenet.state_dict(), ranges, model.wavenet.dilations)
    tensors |= {SAMPLER_PREFIX + k: v for k, v in sampler.items()}
    # Everything that decides samples is in the file whose hash names the model, not in the card.
    metadata = {METADATA: json.dumps(_metadata(config), sort_keys=True)}
    data = save({k: np.ascontiguousarray(v) for k, v in tensors.items()}, metadata)
    card = {"sha256": hashlib.sha256(data).hexdigest(), "decoding": config["decoding"], **config.get("about", {})}
    write(output, data, card, force=force)


def _validate(model: SpeechModel) -> None:
    """Raise ValueError for a model that the runtime cannot compute."""
    if model.inputs == "mfcc":
        raise ValueError("a model with MFCC as input cannot be released: their deltas look 80 ms ahead")
    if model.order != ORDER:
        raise ValueError(f"a model of order {model.order} cannot be released: the sampler predicts with {ORDER}")
    for name, ahead in (("encoder", model.encoder.ahead), ("conditioner", model.conditioner.ahead)):
        if ahead != 1:
            raise ValueError(f"{name}.ahead = {ahead} cannot be released: the runtime looks one step ahead")
    if not isinstance(model.bottleneck, RVQ):
        raise ValueError("a release needs a residual quantiser")


def _network_tensors(model: SpeechModel) -> dict[str, NDArray[Any]]:
    """Weights of everything before the sampler: half precision in the encoder, integers in the decoder."""
    tensors: dict[str, NDArray[Any]] = {}
    for name, module in model.named_modules():
        if name.startswith(FLOAT) and isinstance(module, nn.Conv1d | nn.Linear):
            tensors |= _float(name, module)
        elif name.startswith(BYTES + WORDS) and isinstance(module, nn.Conv1d | nn.Linear):
            tensors |= _exact(name, module, 7 if name.startswith(BYTES) else 15)
    return tensors | (_preset_biases(model) if model.spectrum == "linear-core" else {})


def _codebook_tensors(model: SpeechModel) -> dict[str, NDArray[Any]]:
    """Codebooks of latents and speaker vectors as 16-bit integers."""
    assert isinstance(model.bottleneck, RVQ)
    tensors: dict[str, NDArray[Any]] = {}
    for kind, quantiser in (("books", model.bottleneck), ("speaker_books", model.speaker_code)):
        for i, book in enumerate(quantiser.books):
            assert isinstance(book, Codebook)
            entries = np.rint(book.entries.numpy() * 2.0**BOOK_BITS)
            if np.abs(entries).max() >= 2**15:
                raise ValueError(f"an entry of {kind}.{i} is beyond 16 bits")
            tensors[f"{kind}.{i}"] = entries.astype(np.int16)
    return tensors


def _metadata(config: dict[str, Any]) -> dict[str, Any]:
    """Presets and config of the release, with the constants of decoding as integers."""
    decoding = config["decoding"]
    constants = {
        "voiced_sharpness": round(2**INVERSE_TEMPERATURE_BITS / decoding["voiced_temperature"]),
        "unvoiced_sharpness": round(2**INVERSE_TEMPERATURE_BITS / decoding["unvoiced_temperature"]),
        "floor": round(2**PROBABILITY_FLOOR_BITS * decoding["floor"]),
        "pre_emphasis": PRE_EMPHASIS,
        "envelope_passes": decoding["envelope_passes"],
        "contrast": round(2**CONTRAST_BITS * decoding.get("contrast", 0)),
    }
    tables = ("model", "encoder", "bottleneck", "speaker", "conditioner", "wavenet")
    return {"presets": config["presets"], "config": {k: config[k] for k in tables} | {"decoding": constants}}


def _decoder_stage(config: dict[str, Any]) -> dict[str, Any]:
    """The stage that trains the decoder, which has its settings."""
    for stage in reversed(config["stage"].values()):
        if stage["task"] in ("decoder", "joint"):
            return stage
    raise ValueError("no stage trains the decoder")


def _preset_biases(model: SpeechModel) -> dict[str, NDArray[Any]]:
    """Embeddings of presets in a linear core: float16 in the encoder, integers in the conditioner."""
    encoder, conditioner = (m.preset.weight.detach().numpy() for m in (model.encoder, model.conditioner))  # type: ignore
    return {
        "encoder.preset": encoder.astype(np.float16),
        "conditioner.preset": np.rint(conditioner * 2.0**ACTIVATION_BITS).astype(np.int32),
    }


def _matrix(module: nn.Conv1d | nn.Linear) -> Tensor:
    """Weight as a matrix (tap x input, output)."""
    weight = module.weight.detach()
    return weight.permute(2, 1, 0).flatten(0, 1) if weight.ndim == 3 else weight.T


def _bias(module: nn.Conv1d | nn.Linear) -> Tensor:
    assert module.bias is not None
    return module.bias.detach()


def _float(name: str, module: nn.Conv1d | nn.Linear) -> dict[str, NDArray[Any]]:
    """Int8 weights with a scale per output, and biases of half precision."""
    weight = _matrix(module).numpy()
    scale = np.maximum(np.abs(weight).max(0), MIN_RANGE) / np.float32(127)
    return {
        f"{name}.weight": np.rint(weight / scale).astype(np.int8),
        f"{name}.scale": scale.astype(np.float32),
        f"{name}.bias": _bias(module).half().numpy(),
    }


def _exact(name: str, module: nn.Conv1d | nn.Linear, bits: int) -> dict[str, NDArray[Any]]:
    """Integer weights, and biases in the unit of the accumulator.

    With 15 bits: int16 with one binary scale. With 7 bits: int8 with a binary scale per output, such that its largest
    weight is between 64 and 127.
    """
    weight, bias = _matrix(module).double().numpy(), _bias(module).double().numpy()
    top = 2**bits - 1
    largest = np.maximum(np.abs(weight).max(0 if bits == 7 else None), MIN_RANGE)
    shift = np.atleast_1d(np.floor(np.log2(top / largest))).astype(np.int32)
    whole, offset = np.rint(np.ldexp(weight, shift)), np.rint(np.ldexp(bias, shift + ACTIVATION_BITS))
    # Each residual block adds at most the limit to its input: 8 times the limit is enough for 7 blocks in a row.
    if (8 * ACTIVATION_LIMIT * np.abs(whole).sum(0) + np.abs(offset) + np.ldexp(1.0, shift)).max() >= 2.0**53:
        raise ValueError(f"{name} is too wide or its biases too large to be computed exactly")
    return {
        f"{name}.weight": whole.astype(np.int8 if bits == 7 else np.int16),
        f"{name}.bias": offset.astype(np.int64),
        f"{name}.shift": shift,
    }


def teacher_forced(
    model: SpeechModel, settings: dict[str, Any], corpus: Corpus, step: int, batch: int = 8
) -> tuple[Tensor, Tensor, Tensor]:
    """Return indices (B, T, 6), conditioning (B, T / 160, size) and targets (B, T) of speech, as in training."""
    task = DecoderObjective(model, settings)
    stretch = sample_batch(settings, model, corpus, step, batch, augment=False)
    with torch.no_grad():
        c, speaker, _, _ = task.condition(stretch)
        indices, target = task.excitation(stretch, c)
        return indices, model.adapter(c, speaker), target


def measure_ranges(model: SpeechModel, settings: dict[str, Any], shards: Path) -> Ranges:
    """Measure the largest activations of the WaveNet on speech."""
    corpus = Corpus(shards, torch.device("cpu"))
    found = []
    for step in range(CALIBRATION_BATCHES):
        indices, condition, _ = teacher_forced(model, settings, corpus, step)
        with torch.no_grad():
            found.append(calibrate(model.wavenet, indices, condition))
    return Ranges.widest(found)
