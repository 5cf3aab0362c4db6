"""sotto verify, and sotto info of folders."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from helpers.coded_toy import CodedToy

from sottovoce.codec import models


@pytest.fixture
def archive(sotto, wav):
    for name in ("talks/a.wav", "talks/b.wav", "talks/deep/c.wav"):
        wav(name, seconds=10)
    sotto("encode", "talks", "-r", "-o", "archive", "--tag", "TITLE=One, or two")
    return "archive"


def damage(name: str, at: int = 100) -> None:
    data = bytearray(Path(name).read_bytes())
    data[at] ^= 1
    Path(name).write_bytes(data)


def test_whole(sotto, archive):
    status, out, err = sotto("verify", archive, "-r")
    assert (status, err) == (0, "")
    *files, total = out.splitlines()
    assert [line.split()[0] for line in files] == ["whole"] * 3
    assert total == "3 files: 3 whole"
    assert sotto("verify", archive, "-r", "-q") == (0, "", "")
    assert sotto("verify", "archive/a.sotto")[1].split() == ["whole", "10.00", "s", "archive/a.sotto"]


def test_damaged(sotto, archive):
    damage("archive/a.sotto")
    data = Path("archive/b.sotto").read_bytes()
    Path("archive/b.sotto").write_bytes(data[: len(data) // 2])
    Path("archive/d.sotto").write_text("Dear diary,")
    status, out, err = sotto("verify", archive, "-r")
    assert (status, err) == (1, "")
    a, b, d, c, total = out.splitlines()
    assert a.startswith("damaged") and a.endswith("archive/a.sotto: 1 of 5 blocks damaged")
    assert b.startswith("damaged") and b.endswith(" s missing")
    assert d.startswith("unreadable") and d.endswith("archive/d.sotto: not a .sotto file")
    assert c.startswith("whole")
    assert total == "4 files: 2 damaged, 1 unreadable, 1 whole"
    status, out, _ = sotto("verify", archive, "-r", "-q")
    assert (status, len(out.splitlines())) == (1, 3)


def test_for_programs(sotto, archive):
    damage("archive/a.sotto")
    status, out, _ = sotto("verify", "archive/a.sotto", "archive/b.sotto", "nope.sotto", "--json")
    assert status == 1
    a, b, nope, total = map(json.loads, out.splitlines())
    assert (a["state"], a["damaged"], b["state"], b["seconds"]) == ("damaged", 1, "whole", 10)
    assert (nope["state"], nope["details"]) == ("unreadable", "no such file or folder")
    assert total["total"] == {"files": 3, "whole": 1, "damaged": 1, "unreadable": 1}


def test_restored(sotto, wav, monkeypatch):
    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: CodedToy(preset))
    sotto("encode", wav(seconds=40), "--protect", "4")
    assert sotto("verify", "talk.sotto")[0] == 0
    sotto("damage", "talk.sotto", "-o", "bad.sotto", "--loss", "10", "--seed", "2")
    status, out, _ = sotto("verify", "bad.sotto")
    assert status == 1
    assert out.startswith("restored")
    assert out.endswith(" of 20 blocks restored\n")


def test_an_end_that_is_missing(sotto, sotto_process, wav, in_folder):
    wav(seconds=4)
    stream = sotto_process("encode", "-", "-", input=(in_folder / "talk.wav").read_bytes()).stdout
    Path("whole.sotto").write_bytes(stream)
    assert sotto("verify", "whole.sotto")[0] == 0
    Path("cut.sotto").write_bytes(stream[:-20])
    assert sotto("verify", "cut.sotto")[0] == 1


def test_info_of_a_folder(sotto, archive):
    status, out, err = sotto("info", archive, "-r")
    assert (status, err) == (0, "")
    *files, total = out.splitlines()
    assert [line.split()[-1] for line in files] == [f"archive/{name}.sotto" for name in ("a", "b", "deep/c")]
    size = sum(path.stat().st_size for path in Path(archive).rglob("*.sotto"))
    assert total.split() == [
        "30.00",
        "s",
        str(size),
        "bytes",
        f"{8 * size / 30:.0f}",
        "bit/s",
        "3",
        "files,",
        "30.00",
        "s",
    ]
    damage("archive/a.sotto")
    assert "archive/a.sotto: 1 of 5 blocks damaged" in sotto("info", archive, "-r")[1]
    assert sotto("info", "talks")[0] == 2


def test_csv(sotto, archive):
    Path("archive/x.sotto").touch()
    status, out, err = sotto("info", archive, "-r", "--csv")
    assert (status, err.count("\n")) == (1, 1)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["file"] for row in rows] == [f"archive/{name}.sotto" for name in ("a", "b", "x", "deep/c")]
    assert (rows[0]["seconds"], rows[0]["preset"], rows[0]["tags"]) == ("10", "default", "TITLE=One, or two")
    assert rows[0]["bytes"] == str(os.path.getsize("archive/a.sotto"))
    assert rows[2]["problems"]
    assert sotto("info", archive, "--csv", "--json")[0] == 2


def test_minutes_are_shown(sotto, wav):
    sotto("encode", wav(seconds=75))
    assert "  speech    75.00 s (1:15) at " in sotto("info", "talk.sotto")[1]
