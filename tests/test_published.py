"""What is told of the model in the box must be what was measured of it."""

import hashlib
import json
from pathlib import Path

import publish
import pytest

from sottovoce.models import release
from sottovoce.models.families import store

ROOT = Path(__file__).parents[1]


def measured():
    return json.loads(publish.JSON.read_text(encoding="utf-8"))


def test_the_model_in_the_box_is_the_one_that_was_measured():
    weights = (ROOT / "models" / "released" / "default.safetensors").read_bytes()
    sha = hashlib.sha256(weights).hexdigest()
    latents = json.loads((publish.TABLES / "latents.json").read_text())
    tuned = json.loads((publish.TABLES / "tuned.json").read_text())
    card = json.loads(publish.CARD.read_text())
    assert sha == card["sha256"] == measured()["model"]["sha256"]
    # These are of sound alone, which is that of the former ids too.
    assert {latents["model"][:8], tuned["model"][:8]} <= {sha[:8], *card["previous_ids"]}
    assert len(weights) <= 14_000_000


def test_documents_say_what_was_measured():
    report = measured()
    assert publish.MARKDOWN.read_text(encoding="utf-8") == publish.document()
    assert publish.table(report) in publish.README.read_text(encoding="utf-8")
    card = json.loads(publish.CARD.read_text())
    assert card["scores"] == publish.scores(report)
    assert list(card["scores"]) == list(release.load().presets)


def test_another_model_is_not_published(tmp_path):
    report = measured() | {"model": {"name": "default", "id": "00000000", "sha256": "0" * 64}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(SystemExit, match="another model"):
        publish.main(["--codecs", str(tmp_path)])


def test_the_families_in_the_box_are_those_that_were_measured():
    rows = json.loads(publish.FAMILIES.read_text(encoding="utf-8"))["families"]
    measured_ones = {row["sha256"] for row in rows}
    for name in store.available():
        assert hashlib.sha256(store.find(name).read_bytes()).hexdigest() in measured_ones, name
