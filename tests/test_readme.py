"""What the README claims must stand in what a benchmark wrote."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_figures_are_those_of_the_benchmark():
    figures = (ROOT / "README.md").read_text().split("## Figures")[1].split("## ")[0]
    measured = (ROOT / "docs" / "measured.md").read_text().splitlines()
    rows = [line for line in figures.splitlines() if line.startswith("|")]
    assert len(rows) > 5
    assert [row for row in rows if row not in measured] == []


def test_the_model_in_the_box_is_the_one_that_was_measured():
    import hashlib
    import json

    weights = (ROOT / "models" / "released" / "default.safetensors").read_bytes()
    sha = hashlib.sha256(weights).hexdigest()
    card = json.loads((ROOT / "models" / "released" / "default.json").read_text())
    measured = json.loads((ROOT / "docs" / "measured.json").read_text())
    latents = json.loads((ROOT / "docs" / "latents.json").read_text())
    assert sha == card["sha256"] == measured["model"]["sha256"] == latents["model"]
    assert len(weights) <= 12_000_000
