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
def workspace(in_folder: Path) -> Path:
    """A folder with some speech and two models."""
    talkers.write_speech(in_folder / "speech", train=2)
    talkers.write_model(in_folder / "runs/one", kind="ae", size=2)
    talkers.write_model(in_folder / "runs/two", kind="vae", size=2)
    return in_folder


def test_table_report_and_picture(sotto, workspace: Path):
    status, out, err = sotto("probe", "runs/one", "runs/two/family.safetensors", "--speech", "speech", "-o", "out.json")
    assert status == 0, err
    assert sum(line.split()[:2] == ["note:", "probing"] for line in err.splitlines()) == 2
    report = json.loads((workspace / "out.json").read_text())
    assert [model["name"] for model in report["models"]] == ["one", "two"]
    assert report["models"][0]["bits_per_second"] == 2 * 32 * 50
    assert (workspace / "out.svg").read_text().startswith("<svg")
    lines = out.splitlines()
    points = ["p_enc", "p_proj", "p_bn", "p_cond", "chance", "p_enc", "p_proj", "p_bn", "p_draw", "p_cond", "chance"]
    assert [line.split()[2] for line in lines[1:-1]] == points
    assert lines[-1] == "out.json, out.svg"
    assert not list(workspace.glob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "--speech", "speech", "-o", "out.json"), "nowhere: no bundled family of that name"),
        (("speech/train.csv", "--speech", "speech", "-o", "out.json"), "no family that can be loaded"),
        (("other.safetensors", "--speech", "speech", "-o", "out.json"), "no latents to probe"),
        (("runs/one", "runs/one", "--speech", "speech", "-o", "out.json"), "two families are called one"),
        (("runs/one", "--speech", "runs", "-o", "out.json"), "train.csv"),
        (("runs/one", "--speech", "unaligned", "-o", "out.json"), "alignments.csv"),
        (("runs/one", "--speech", "speech", "-o", "out.svg"), "must end in .json"),
    ],
)
def test_one_line_says_what_is_wrong(sotto, workspace: Path, arguments: tuple[str, ...], message: str):
    table = {"kind": "wavenet", "channels": 4, "skip": 4, "dilations": 2}
    store.save(make_family(table), table, {}, workspace / "other.safetensors")
    (workspace / "unaligned").mkdir()
    (workspace / "unaligned/train.csv").write_bytes((workspace / "speech/train.csv").read_bytes())
    status, _, err = sotto("probe", *arguments)
    assert status == 2
    errors = [line for line in err.splitlines() if line.startswith("sotto: ")]
    assert len(errors) == 1 and message in errors[0], err
    assert "Traceback" not in err
