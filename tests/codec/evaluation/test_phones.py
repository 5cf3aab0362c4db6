"""The recogniser in numpy: the same as in torch, quick, and honest about what it was told."""

from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec.evaluation import phones


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory):
    """A random tiny network in torch, and its export in numpy."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from sottovoce.models.phones.export import export
    from sottovoce.models.phones.network import PhoneNetwork

    folder = tmp_path_factory.mktemp("recogniser")
    torch.manual_seed(0)
    config = {"recogniser": {"channels": 24, "dilations": [1, 2, 4]}}
    model = PhoneNetwork(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
            parameter.copy_(parameter.half().float())  # as stored
    save_file(model.state_dict(), folder / "weights.safetensors")
    export(config, folder, folder / "out")
    return model, phones.read((folder / "out.safetensors").read_bytes())


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 320, 400, 16000, 40123])
def test_as_in_torch(twins, samples: int):
    import torch

    from sottovoce.models.phones.network import recogniser_input

    model, network = twins
    wave = (0.1 * np.random.default_rng(samples).standard_normal(samples)).astype(np.float32)
    padded = np.pad(wave, (0, -samples % 160))
    with torch.no_grad():
        expected = model(*recogniser_input(torch.from_numpy(padded)[None], torch.tensor([samples])))[0].numpy()
    found = network(wave)
    assert found.shape == expected.shape == (-(-samples // 320), 40)
    assert np.abs(found - expected).max() < 2e-3 * np.abs(expected).max()


def test_nothing_and_silence(twins):
    _, network = twins
    assert network.phones(np.zeros(0, np.float32)) == []
    assert isinstance(network.phones(np.zeros(8000, np.float32)), list)


def test_errors_are_counted_in_what_was_said(twins, monkeypatch: pytest.MonkeyPatch):
    _, network = twins
    monkeypatch.setattr(phones, "recogniser", lambda: network)
    monkeypatch.setattr(network, "phones", lambda wave: [0, 1, 2])  # AA AE AH
    wave = np.zeros(16000, np.float32)
    assert phones.error_rate(wave, ["SIL", "AA", "AE", "AH", "SIL"]) == 0
    assert phones.error_rate(wave, ["AA", "SIL", "AE", "B", "D"]) == 50
    assert phones.error_rate(wave, ["B"]) == 300
    with pytest.raises(ValueError, match="QQ is not an English phone"):
        phones.error_rate(wave, ["QQ"])
    with pytest.raises(ValueError, match="no phones"):
        phones.error_rate(wave, ["SIL"])


def test_torch_is_not_needed():
    import subprocess
    import sys

    code = "import sys; import sottovoce.codec.evaluation.phones; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


in_the_box = pytest.mark.skipif(not phones.available(), reason="no trained recogniser")


@in_the_box
def test_the_one_in_the_box_hears_what_is_said():
    """A voice that nobody trained on, with phones from a dictionary."""
    import soundfile

    wave, rate = soundfile.read(Path(__file__).parents[3] / "samples" / "slt-16k-mono.wav", dtype="float32")
    assert rate == 16000
    # "Low voices carry further than you think."
    said = [
        "L",
        "OW",
        "V",
        "OY",
        "S",
        "IH",
        "Z",
        "K",
        "EH",
        "R",
        "IY",
        "F",
        "ER",
        "DH",
        "ER",
        "DH",
        "AE",
        "N",
        "Y",
        "UW",
        "TH",
        "IH",
        "NG",
        "K",
    ]
    assert phones.error_rate(wave, said) < 50 < 75 < phones.error_rate(wave[::-1].copy(), said)
    assert phones.error_rate(0.1 * wave, said) == phones.error_rate(wave, said)


@in_the_box
def test_the_bundled_one_is_small():
    assert len(phones._data()) < 5_000_000 and len(phones.identity()) == 8
