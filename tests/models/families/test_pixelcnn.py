"""PixelCNN: it sees all that is above and on the left and nothing else, sums to one, samples as it scores."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.tiny import write_family

from sottovoce.models.families import pixelcnn, store
from sottovoce.models.families.classes import to_classes
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.mel import levels
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.run import train

NAMES = ["fixed", "gaussian", "softmax", "mixture"]


def tiny(output: str = "softmax", seed: int = 0, **settings: Any) -> pixelcnn.PixelCNN:
    """A random network that sees 4 rows and 3 bands, and means what it says."""
    torch.manual_seed(seed)
    table = {"kind": "pixelcnn", "output": output, "channels": 8, "dilations": [1, 2]} | settings
    made = make_family(table)
    assert isinstance(made, pixelcnn.PixelCNN)
    for weights in made.parameters():
        if weights.dim() == 2:
            weights.data *= 2
    return made.eval()


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    """Random levels."""
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("place", [(0, 0), (0, 79), (2, 0), (3, 40), (5, 79), (8, 20)])
def test_a_pixel_is_seen_by_all_that_may_see_it_and_by_no_other(place: tuple[int, int]):
    """No blind spot, and no peeping: those below within three bands, those on the right within four."""
    model, spectrogram = tiny(), pictures(1, 9, 80)
    other = spectrogram.clone()
    other[0, *place] = (spectrogram[0, *place] + 128) % 256
    with torch.no_grad():
        changed = (model(spectrogram) != model(other)).any(-1)[0]
    row, band = torch.arange(9)[:, None] - place[0], torch.arange(80) - place[1]
    below = (row > 0) & (row <= 4) & (band.abs() <= 3)
    beside = (row == 0) & (band > 0) & (band <= 4)
    assert model.receptive_field == 4
    assert torch.equal(changed, below | beside)


@pytest.mark.parametrize("output", NAMES)
def test_pictures_of_two_bands_sum_to_one(output: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pixelcnn, "BANDS", 2)
    model = tiny(output)
    all_pictures = torch.cartesian_prod(torch.arange(256), torch.arange(256))[:, None]
    with torch.no_grad():
        assert model.log_prob(all_pictures).exp().sum().item() == pytest.approx(1.0, abs=1e-3)


def test_long_pictures_are_scored_in_blocks(monkeypatch: pytest.MonkeyPatch):
    model, spectrogram = tiny(), pictures(2, 10, 80)
    with torch.no_grad():
        whole = model.log_prob(spectrogram)
        monkeypatch.setattr(pixelcnn, "BLOCK", 3)
        assert torch.allclose(model.log_prob(spectrogram), whole, rtol=1e-5)
        assert torch.allclose(model.log_prob(spectrogram[:, :1]), model.output.log_prob(
            model(spectrogram[:, :1]), spectrogram[:, :1]).sum((1, 2)), rtol=1e-5)  # fmt: skip


@pytest.mark.parametrize("output", NAMES)
def test_sampling_is_as_if_all_were_scored_anew_for_each_pixel(output: str):
    model, prompt = tiny(output), pictures(2, 3, 80)
    found = model.complete(prompt, 2, torch.Generator().manual_seed(1))
    again = torch.Generator().manual_seed(1)
    out = torch.nn.functional.pad(prompt, (0, 0, 0, 2))
    with torch.no_grad():
        for row in (3, 4):
            for band in range(80):
                chances = model.output.log_probs(model(out)[:, row, band]).exp()
                out[:, row, band] = torch.multinomial(chances, 1, generator=again)[:, 0]
    assert torch.equal(found[:, :3], prompt)
    assert torch.equal(found, out)


def test_samples_are_the_generators():
    model = tiny()
    one, same, other = (model.sample(2, 3, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert one.shape == (2, 3, 80) and one.dtype == torch.long
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])


def test_stored_and_read_again(tmp_path: Path):
    model, spectrogram = tiny("mixture"), pictures(1, 4, 80)
    model.half().float()
    table = {"kind": "pixelcnn", "output": "mixture", "channels": 8, "dilations": [1, 2]}
    store.save(model, table, {"steps": 3}, tmp_path / "family.safetensors")
    read, about = store.load(tmp_path / "family.safetensors")
    assert about["steps"] == 3 and table.items() <= about["family"].items()
    assert torch.equal(read.log_prob(spectrogram), model.log_prob(spectrogram))


@pytest.mark.parametrize("output", NAMES)
def test_configs_in_the_box(output: str):
    config = read_config(Path(str(pixelcnn.__file__)).parents[1] / f"configs/families/pixelcnn-{output}.toml")
    family = make_family(config["family"])
    assert isinstance(family, pixelcnn.PixelCNN)
    assert family.output.outputs == {"fixed": 1, "gaussian": 2, "softmax": 256, "mixture": 30}[output]
    assert 2 * store.parameters(family) < 0.22e6
    assert family.receptive_field == 19 and family.domain == "mel"
    assert config["stage"]["family"]["out"].endswith(f"pixelcnn-{output}")


def test_a_setting_that_there_is_not():
    with pytest.raises(ValueError, match="depth"):
        make_family({"kind": "pixelcnn", "depth": 3})


def test_loss_counts_bits_of_the_picture_of_the_speech():
    model = tiny()
    x = to_classes(0.1 * torch.randn(3, 640, generator=torch.Generator().manual_seed(0)))
    with torch.no_grad():
        loss, figures = model.loss({"x": x})
        nats = -model.log_prob(levels(x)).mean()
    assert loss.item() == figures["bits_per_level"].item() == pytest.approx(nats.item() / (4 * 80 * math.log(2)))
    assert figures["bits_per_sample"].item() == pytest.approx(nats.item() / (640 * math.log(2)))


@pytest.mark.parametrize(("output", "least", "most"), [("softmax", 0.5, 0.6), ("gaussian", 4.0, 9.0)])
def test_a_known_truth(output: str, least: float, most: float, monkeypatch: pytest.MonkeyPatch):
    """The first of two bands is 40 or 200 by a coin, the second what the first was in the row above: half a bit."""
    monkeypatch.setattr(pixelcnn, "BANDS", 2)
    torch.manual_seed(0)
    model = pixelcnn.PixelCNN("pixelcnn", output, channels=16, dilations=(1, 1))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    coins = 40 + 160 * torch.randint(0, 2, (32, 33), generator=torch.Generator().manual_seed(0))
    spectrogram = torch.stack((coins[:, 1:], coins[:, :-1]), -1)
    for _ in range(150):
        optimiser.zero_grad()
        loss = -model.log_prob(spectrogram).mean() / (spectrogram[0].numel() * math.log(2))
        loss.backward()
        optimiser.step()
    assert least < loss.item() < most
    if output == "softmax":
        drawn = model.sample(8, 20, torch.Generator().manual_seed(0))
        assert (drawn[:, 1:, 1] == drawn[:, :-1, 0]).float().mean() > 0.9


def test_a_short_training_pays(shards: Path, tmp_path: Path):
    table = {"kind": "pixelcnn", "output": "gaussian", "channels": 8, "dilations": [1, 2]}
    settings = {"steps": 40, "frames": 12, "learning_rate": 1e-2, "ema": 0.9}
    figures = train(write_family(tmp_path, shards, table, **settings))
    first = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[0])
    assert figures["bits_per_level"] < first["bits_per_level"] - 1
    assert figures["dev_bits_per_sample"] == pytest.approx(figures["dev_bits_per_level"] / 2)
    read, about = store.load(tmp_path / "run" / "family.safetensors")
    assert isinstance(read, pixelcnn.PixelCNN) and about["steps"] == 40
