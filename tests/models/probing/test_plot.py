"""The picture of phones against gender."""

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from sottovoce.models.probing.plot import Axis, rate, svg, used


def model(name: str, bottleneck: str, bits: float, phone: float, gender: float) -> dict[str, Any]:
    found = {"phone": phone, "gender": gender}
    accuracy = {
        "p_bn": found,
        **({"p_draw": {"phone": phone - 5, "gender": gender - 5}} if bottleneck == "VAE" else {}),
    }
    chance = {"phone": 34.0, "gender": 49.0}
    return {"name": name, "bottleneck": bottleneck, "bits_per_second": bits, "accuracy": accuracy, "chance": chance}


MODELS = [
    model("latent-vq", "VQ", 1600, 60, 55), model("few", "VQ", 300, 50, 52), model("a <b>", "AE", 25600, 65, 75),
    model("latent-vae", "VAE", 120.4, 45, 60),
]  # fmt: skip


def test_it_is_a_picture_of_all_models():
    text = svg(MODELS)
    root = ElementTree.fromstring(text)
    words = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    for shown in ("1.6k", "300", "25.6k", "120", "AE", "VAE", "VAE, mean", "VQ", "phone by chance", "gender by chance"):
        assert shown in words
    titles = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "a <b>, 25.6k bit/s" in titles
    assert "prefers-color-scheme: dark" in text
    assert "VAE" not in svg(MODELS[:1]).split("</style>")[1]


def test_lines_go_from_rate_to_rate():
    def track(models: list[dict[str, Any]]) -> list[str]:
        return [line for line in svg(models).splitlines() if 'stroke="var(--VQ)"' in line and "path class" in line]

    assert track(MODELS) == track(MODELS[::-1])


def test_a_vae_stands_where_its_draws_are():
    assert used(MODELS[3])["phone"] == 40 and used(MODELS[0])["phone"] == 60


@pytest.mark.parametrize("values", [[50.0], [34.0, 76.5], [0.0, 100.0]])
def test_axes_hold_their_values(values: list[float]):
    axis = Axis(values, 450, 56)
    assert all(56 <= axis(value) <= 450 for value in values)
    assert axis(axis.low) == 450 and axis(axis.high) == pytest.approx(56)
    assert {axis.low, axis.high} <= set(axis.ticks())


def test_rates():
    assert [rate(x) for x in (300, 1600, 25600, 49.97)] == ["300", "1.6k", "25.6k", "50"]
