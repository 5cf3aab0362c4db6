"""A tiny random model, exported: what a decoder and an encoder of numpy are held against."""

from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import tiny
from safetensors.torch import save_file
from torch import Tensor

from sottovoce.models.model import SpeechModel
from sottovoce.models.release import Release, load
from sottovoce.models.training.export import export
from sottovoce.models.training.restore import restore

DECODING = {"voiced_temperature": 0.7, "unvoiced_temperature": 1.0, "floor": 1e-4}


class Exported(NamedTuple):
    """The network, the release made of it, and the network with the weights as the release holds them."""

    model: SpeechModel
    release: Release
    path: Path
    stored: SpeechModel


KINDS = {"25 Hz, dilated": (25, tiny.config), "50 Hz": (50, tiny.config), "linear core": (25, tiny.linear_core)}


@pytest.fixture(scope="session", params=list(KINDS))
def exported(request: pytest.FixtureRequest, shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A tiny model and its release."""
    folder = tmp_path_factory.mktemp("export")
    rate, make = KINDS[request.param]
    tables = make(rate)
    if request.param == "25 Hz, dilated":
        for name in ("encoder", "conditioner"):
            tables[name] |= {"blocks": [1, 2, 3], "dilation": 2}
    model = tiny.model(tables, seed=rate)
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items() if isinstance(v, Tensor)}, folder / "w.safetensors"
    )
    stage = {"task": "decoder", "context": 2, "steps_per_crop": 8, "reference_frames": 60, "gain_scale": 1.1}
    decoding = DECODING | {"envelope_passes": rate // 25, "contrast": {25: 0, 50: 0.4}[rate]}
    config = tables | {"stage": {"decoder": stage}, "decoding": decoding, "about": {"training": "synthetic"}}
    export(config, folder / "w.safetensors", shards, folder / "tiny")
    release = load(str(folder / "tiny.safetensors"))
    return Exported(model, release, folder / "tiny.safetensors", restore(release))
