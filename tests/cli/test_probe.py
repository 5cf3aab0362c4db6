"""sotto probe."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from helpers import talkers

from sottovoce.models.families import store
from sottovoce.models.families.kinds import make_family
from sottovoce.models.probing import network


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "STEPS", 5)


@pytest.fixture
def told(in_folder: Path) -> Path:
    """A folder with some speech and two models."""
    talkers.write_speech(in_folder / "speech", train=2)
    talkers.write_model(in_folder / "runs/one", kind="ae", size=2)
    talkers.write_model(in_folder / "runs/two", kind="vae", size=2)
    return in_folder


def test_table_report_and_picture(sotto, told: Path):
    status, out, err = sotto("probe", "runs/one", "runs/two/family.safetensors", "--speech", "speech", "-o", "out.json")
    assert status == 0, err
    assert [line.split()[:2] for line in err.splitlines() if "probing" in line] == [["note:", "probing"]] * 2
    report = json.loads((told / "out.json").read_text())
    assert [model["name"] for model in report["models"]] == ["one", "two"]
    assert report["models"][0]["bits_per_second"] == 2 * 32 * 50
    assert (told / "out.svg").read_text().startswith("<svg")
    lines = out.splitlines()
    points = ["p_enc", "p_proj", "p_bn", "p_cond", "chance", "p_enc", "p_proj", "p_bn", "p_draw", "p_cond", "chance"]
    assert [line.split()[2] for line in lines[1:-1]] == points
    assert lines[-1] == "out.json, out.svg"
    assert not list(told.glob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "--speech", "speech", "-o", "out.json"), "nowhere: no such family"),
        (("speech/train.csv", "--speech", "speech", "-o", "out.json"), "no family that can be loaded"),
        (("other.safetensors", "--speech", "speech", "-o", "out.json"), "no latents that can be probed"),
        (("runs/one", "runs/one", "--speech", "speech", "-o", "out.json"), "two families are called one"),
        (("runs/one", "--speech", "runs", "-o", "out.json"), "train.csv"),
        (("runs/one", "--speech", "unaligned", "-o", "out.json"), "alignments.csv"),
        (("runs/one", "--speech", "speech", "-o", "out.svg"), "ends in .json"),
    ],
)
def test_one_line_says_what_is_wrong(sotto, told: Path, arguments: tuple[str, ...], said: str):
    table = {"kind": "wavenet", "channels": 4, "skip": 4, "dilations": 2}
    store.save(make_family(table), table, {}, told / "other.safetensors")
    (told / "unaligned").mkdir()
    (told / "unaligned/train.csv").write_bytes((told / "speech/train.csv").read_bytes())
    status, _, err = sotto("probe", *arguments)
    assert status == 2
    complaint = [line for line in err.splitlines() if line.startswith("sotto: ")]
    assert len(complaint) == 1 and said in complaint[0], err
    assert "Traceback" not in err
