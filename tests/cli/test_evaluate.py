"""`sotto evaluate` with real codecs and metrics, and the toy in place of our model."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.commands import SOTTO
from helpers.packages import need

from sottovoce.codec.evaluation.metrics import PACKAGES

need(*PACKAGES.values())

SAMPLE = Path(__file__).parents[2] / "samples" / "slt-16k-mono.wav"


QUICK = ("--against", "none", "--presets", "default")


@pytest.fixture
def talks(wav):
    """A folder of two short recordings."""
    wav("talks/anna/tone.wav", seconds=1.2)
    Path("talks/bert").mkdir()
    Path("talks/bert/talk.wav").write_bytes(SAMPLE.read_bytes())
    return "talks"


def without_costs(path):
    report = json.loads(Path(path).read_text())
    for codec in report["codecs"]:
        for key in ("encode_rtf", "decode_rtf", "encode_memory", "decode_memory"):
            codec.pop(key)
    return report


def test_evaluate(sotto, talks):
    status, out, err = sotto("evaluate", talks, "-o", "report", "-j", "1", *QUICK)
    assert (status, err) == (0, "")
    *lines, last = out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == [
        "sottovoce default",
        "original",
        "16-bit samples at 8 kHz",
        "8-bit mu-law samples",
        "Griffin-Lim of the true log-mel",
    ]
    assert lines[1].startswith(" 256000 bit/s  PESQ-WB 4.64  ESTOI ")
    assert lines[-1].startswith("      – bit/s  ")
    assert last == "report: report.html, report.md, report.csv, report.json"
    report = json.loads(Path("report/report.json").read_text())
    codecs = {codec["name"]: codec for codec in report["codecs"]}
    assert codecs["sotto:default"]["bit_rate"] == 600
    assert codecs["sotto:default"]["encode_memory"] > 10e6
    assert codecs["pcm8k"]["delay"] == codecs["mulaw"]["delay"] == 0
    assert codecs["pcm8k"]["file_bit_rate"] == pytest.approx(128000, rel=1e-3)
    assert codecs["mulaw"]["recordings"][1]["estoi"] > 0.98
    assert report["model"]["name"] == "default"
    assert report["recordings"][0]["path"] == "anna/tone.wav"
    assert len(report["codecs"][0]["recordings"]) == 2
    assert Path("report/report.html").read_text().startswith("<!")
    assert sotto("evaluate", talks, "-o", "report", "-q", *QUICK) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="processes end differently there")
def test_a_run_that_is_killed_goes_on(sotto, talks):
    command = ("evaluate", talks, "-o", "report", "-j", "1", *QUICK)
    process = subprocess.Popen([*SOTTO, *command])
    while len(list(Path("report").rglob("*.measured.json"))) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in Path("report/parts").rglob("*.json")}
    assert not Path("report/report.json").exists()
    assert sotto(*command)[0] == 0
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert sotto("evaluate", talks, "-o", "whole", "-j", "2", *QUICK)[0] == 0
    assert without_costs("report/report.json") == without_costs("whole/report.json")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "-o", "r"], "nowhere: no such file or folder; check the name"),
        (["empty.csv", "-o", "r"], "empty.csv: has no column 'path'; name the columns in its first line"),
        (["list.csv", "-o", "r"], "gone.wav: no such file or folder; check the name"),
        (["list.csv", "-o", "empty.csv"], "empty.csv: is a file; name a folder for the report"),
        (["bad", "-o", "r", *QUICK], "bad/a.wav: no sound that can be read"),
        (["talks", "-o", "r", "--presets", "loudest"], "no preset named 'loudest'; choose one of low, default, max"),
        (["talks", "-o", "r", "--model", "nope"], "no model named 'nope'; choose one of default, other"),
        (["talks", "-o", "r", "--against", "mp3"], "no codec named 'mp3'; choose of codec2, opus"),
        (["talks", "-o", "r", "--loss", "120", *QUICK], "a loss of 120 % can't be measured; give shares above 0"),
        (
            ["talks", "-o", "r", "--noise", "brown", *QUICK],
            "brown: no noise of that name; give pink, babble or a folder",
        ),
        (
            ["talks", "-o", "r", "--peer", "x: enc", *QUICK],
            "the codec 'x: enc' is incomplete; give it as 'name: ENCODER",
        ),
        (["talks", "-o", "r", "--set", "vctk", *QUICK], "talks: without wav48_silence_trimmed; name the folder"),
    ],
)
def test_bad_input_is_one_line(sotto, talks, arguments, says):
    Path("empty.csv").touch()
    Path("list.csv").write_text("path\ngone.wav\n")
    Path("bad").mkdir()
    Path("bad/a.wav").write_text("nothing")
    if arguments[0] == "list.csv":
        arguments = [*arguments, *QUICK]
    status, out, err = sotto("evaluate", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"sotto: {says}")
    assert err.count("\n") == 1
    assert not Path("r").exists()


def test_missing_programs_are_told(sotto, talks, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, _, err = sotto(
        "evaluate", talks, "-o", "r", "-q", "-j", "1", "--against", "codec2:1300", "--presets", "low"
    )
    assert status == 0
    assert err == "warning: codec2:1300: not measured; to have it, apt install codec2\n"
    assert "- codec2:1300: to include it, `apt install codec2`" in Path("r/report.md").read_text()


def test_missing_packages_are_told(sotto, talks, monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    status, _, err = sotto("evaluate", talks, "-o", "r")
    assert (status, err) == (2, "sotto: evaluation needs pesq; pip install 'sottovoce[eval]'\n")
