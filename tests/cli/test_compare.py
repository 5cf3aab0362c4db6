"""`sotto compare` with families that are quick."""

import json
import sys
from pathlib import Path

import pytest
import torch

from sottovoce.codec.evaluation.families import hearing, measuring, running
from sottovoce.models.families import store
from sottovoce.models.families.kinds import make_family

GLOW = {"kind": "glow", "steps": 1, "hidden": 2, "layers": 1}
WINDOW = {"kind": "window", "window": 2, "embedding": 2, "hidden": 2}


def trained(path, table, seed=0):
    """A family that has learned nothing, in a file."""
    torch.manual_seed(seed)
    family = make_family(table)
    if table["kind"] == "window":
        for value in family.state_dict().values():
            value.zero_()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    store.save(family, table, {"device": "CPU", "seconds": 6.0, "steps": 1}, Path(path))
    return str(path)


@pytest.fixture
def talks(wav):
    """A folder of three short recordings."""
    for name in ("anna/one", "anna/two", "bert/three"):
        wav(f"talks/{name}.wav", seconds=0.4)
    return "talks"


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Little is drawn and compressed."""
    monkeypatch.setattr(hearing, "PROMPT", 800)
    monkeypatch.setattr(hearing, "LENGTH", 320)
    monkeypatch.setattr(measuring, "STRETCH", 600)


def measured():
    return {path.name: path.stat().st_mtime_ns for path in Path("report/parts").glob("*.json")}


def test_compare(sotto, talks):
    families = f"{trained('glow.safetensors', GLOW)},{trained('runs/silly/family.safetensors', WINDOW)}"
    status, out, err = sotto("compare", talks, "-o", "report", "-j", "1", "--families", families)
    assert status == 0
    assert {line.split(":")[0] for line in err.splitlines()} <= {"reading", "measuring"}
    head, *rows = out.splitlines()
    assert head.split()[:4] == ["family", "bits", "per", "sample"]
    assert rows[0] == "NEURAL AUTOREGRESSIVE"
    assert rows[1].split()[:4] == ["silly", "8.000", "[8.000,", "8.000]"]
    assert rows[2] == "FLOWS"
    assert rows[3].split()[0] == "glow"
    assert rows[-1] == "report: compare.html, compare.md, compare.json"
    report = json.loads(Path("report/compare.json").read_text())
    silly, glow = report["families"]
    assert silly["recordings"] == [8.0, 8.0, 8.0]
    assert silly["lossless"]["same"]
    assert abs(silly["lossless"]["excess"]) < 3  # the heads of such short files
    assert (glow["exact"], glow["lossless"], glow["control"]) == (False, None, "no")
    assert Path("report/compare.html").read_text().startswith("<!DOCTYPE html>")
    assert Path("report/compare.md").read_text().startswith("## Model families\n")


def test_json(sotto, talks):
    status, out, err = sotto("compare", talks, "-o", "report", "--json", "-j", "1", "--families", trained("a.st", GLOW))
    assert status == 0
    assert {line.split(":")[0] for line in err.splitlines()} <= {"reading", "measuring"}
    assert json.loads(out) == json.loads(Path("report/compare.json").read_text())


def test_only_what_changed_is_measured_again(sotto, talks, wav):
    command = ("compare", talks, "-o", "report", "-j", "1", "-q", "--families", "a.st,b.st")
    trained("a.st", GLOW)
    trained("b.st", GLOW)
    assert sotto(*command)[0] == 0
    before, page = measured(), Path("report/compare.html").read_text()
    assert sotto(*command)[0] == 0
    assert measured() == before
    assert Path("report/compare.html").read_text() == page
    trained("b.st", GLOW, seed=1)
    assert sotto(*command)[0] == 0
    after = measured()
    assert after["a.json"] == before["a.json"]
    assert after["b.json"] != before["b.json"]
    wav("talks/bert/four.wav", seconds=0.3)
    assert sotto(*command)[0] == 0
    assert measured()["a.json"] != before["a.json"]


def test_a_run_that_was_stopped_goes_on(sotto, talks, monkeypatch):
    families = f"{trained('a.st', GLOW)},{trained('b.st', GLOW)}"
    real = running.measure

    def stopped(task):
        if task.name == "b":
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr(running, "measure", stopped)
    assert sotto("compare", talks, "-o", "report", "-j", "1", "--families", families)[0] == 130
    assert not Path("report/compare.json").exists()
    before = measured()
    assert list(before) == ["a.json"]
    monkeypatch.setattr(running, "measure", real)
    assert sotto("compare", talks, "-o", "report", "-j", "1", "--families", families)[0] == 0
    assert measured()["a.json"] == before["a.json"]


def test_processes_find_the_same(sotto, talks):
    families = f"{trained('a.st', GLOW)},{trained('b.st', GLOW, seed=1)}"
    for output, jobs in (("one", "1"), ("two", "2")):
        assert sotto("compare", talks, "-o", output, "-j", jobs, "-q", "--families", families) == (0, "", "")
    one, two = (json.loads(Path(name, "compare.json").read_text())["families"] for name in ("one", "two"))
    assert [row["recordings"] for row in one] == [row["recordings"] for row in two]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "--families", "a.st"], "nowhere: no such file or folder; check the name"),
        (["list.csv", "--families", "a.st"], "gone.wav: no such file or folder; check the name"),
        (["bad", "--families", "a.st"], "bad/a.wav: no sound that can be read"),
        (
            ["talks", "--families", "b.st"],
            "b.st: no bundled family of that name, and no such file; name a run folder",
        ),
        (["talks", "--families", "bad/a.wav"], "bad/a.wav: no family that can be loaded"),
        (["talks", "--families", "other.st"], "other.st: no family that can be loaded (not a model family"),
        (["talks", "--families", "a.st,x/a.st"], "x/a.st: two families are called a; rename"),
        (["talks", "--families", "old.st"], "old.st: no family that can be loaded (family.kind = 'fax'"),
        (["talks", "--families", "wide.st"], "wide.st: no family that can be loaded (Error(s) in loading state_dict"),
        (["talks", "-o", "a.st", "--families", "a.st"], "a.st: is a file; name a folder for the report"),
    ],
)
def test_bad_input_is_one_line(sotto, talks, arguments, says):
    from safetensors.torch import save_file

    trained("a.st", GLOW)
    trained("x/a.st", GLOW)
    save_file({"x": torch.zeros(1)}, "other.st")
    about = {"format": store.FORMAT, "about": "{}"}
    save_file({"x": torch.zeros(1)}, "old.st", {**about, "family": json.dumps({"kind": "fax"})})
    save_file({"x": torch.zeros(1)}, "wide.st", {**about, "family": json.dumps(GLOW)})
    Path("list.csv").write_text("path\ngone.wav\n")
    Path("bad").mkdir()
    Path("bad/a.wav").write_text("nothing")
    output = [] if "-o" in arguments else ["-o", "r"]
    status, out, err = sotto("compare", *arguments, *output, "-j", "1")
    assert (status, out) == (2, "")
    assert err.startswith(f"sotto: {says}")
    assert err.count("\n") == 1
    assert not Path("r").exists()


def test_an_empty_box_is_told(sotto, talks, monkeypatch):
    monkeypatch.setattr(store, "available", list)
    status, _, err = sotto("compare", talks, "-o", "r")
    assert (status, err) == (
        2,
        "sotto: no families in the box; train some, and name their family.safetensors with --families\n",
    )


def test_missing_torch_is_told(sotto, talks, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("sottovoce.codec.evaluation.families")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    status, _, err = sotto("compare", talks, "-o", "r")
    assert (status, err) == (2, "sotto: comparing needs torch; pip install 'sottovoce[train]'\n")
