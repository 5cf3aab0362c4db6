"""Export of a trained recogniser to a file that is read without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.numpy import save
from safetensors.torch import load_file
from torch import nn

from sottovoce.models.errors import SottoError
from sottovoce.models.files import replace
from sottovoce.models.phones.labels import PHONES
from sottovoce.models.phones.network import PhoneNetwork

METADATA = "sottovoce"


def export(config: dict[str, Any], weights: Path, output: Path, *, force: bool = False) -> None:
    """Write `output`.safetensors: float16 matrices (input, output), and the network's settings as metadata.

    Parameters
    ----------
    config : dict
        The recogniser's config; its table `about` is copied to the metadata.
    weights : path
        Run folder of the training, or its weights file.
    output : path
        Output file without its suffix.
    force : bool
        Whether a file of that name is replaced.
    """
    path = weights / "weights.safetensors" if weights.is_dir() else weights
    model = PhoneNetwork(config)
    model.load_state_dict(load_file(path))
    tensors = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            tensors[f"{name}.weight"] = module.weight.detach().T.contiguous().half().numpy()
            tensors[f"{name}.bias"] = module.bias.detach().half().numpy()
        elif isinstance(module, nn.LayerNorm):
            tensors[f"{name}.scale"] = module.weight.detach().half().numpy()
            tensors[f"{name}.bias"] = module.bias.detach().half().numpy()
    facts = {"phones": PHONES, "dilations": config["recogniser"]["dilations"], "about": config.get("about", {})}
    target = output.with_name(f"{output.name}.safetensors")
    if target.exists() and not force:
        raise SottoError("exists already", "choose another output, or -f to overwrite", str(target))
    with replace(target, force=force) as file:
        file.write(save(tensors, {METADATA: json.dumps(facts)}))
