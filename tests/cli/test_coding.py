import json
import os
import pty
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO


def tree(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture
def talks(wav):
    wav("talks/a.wav")
    wav("talks/b.flac", seconds=5, rate=44100, channels=2)
    wav("talks/deep/c.ogg", seconds=2, rate=48000)
    wav("talks/deep/d.wav", seconds=0.1, rate=8000)
    wav("talks/deep/er/e.wav", seconds=4)
    return "talks"


def test_a_file_there_and_back(sotto, wav):
    status, out, err = sotto("encode", wav(rate=44100, channels=2))
    size = os.path.getsize("talk.sotto")
    assert (status, err) == (0, "")
    assert out.split() == ["3.00", "s", str(size), "bytes", f"{8 * size / 3:.0f}", "bit/s", "talk.wav"]
    assert sotto("decode", "talk.sotto", "-o", "back.wav")[0] == 0
    with soundfile.SoundFile("back.wav") as back:
        assert (back.samplerate, back.channels, back.subtype, back.frames) == (16000, 1, "PCM_16", 48000)


def test_a_folder_there_and_back_with_any_workers(sotto, talks):
    for workers in ("1", "2"):
        assert sotto("encode", talks, "-r", "-o", f"coded{workers}", "-j", workers)[0] == 0
        assert sotto("decode", f"coded{workers}", "-r", "-o", f"back{workers}", "-j", workers)[0] == 0
    assert set(tree("coded1")) == {"a.sotto", "b.sotto", "deep/c.sotto", "deep/d.sotto", "deep/er/e.sotto"}
    assert tree("coded1") == tree("coded2")
    assert set(tree("back1")) == {"a.wav", "b.wav", "deep/c.wav", "deep/d.wav", "deep/er/e.wav"}
    assert tree("back1") == tree("back2")


def test_total(sotto, talks):
    _, out, _ = sotto("encode", talks, "-r", "-o", "coded", "-j", "1")
    *files, total, summary = out.splitlines()
    assert len(files) == 5
    size = sum(map(len, tree("coded").values()))
    assert total.split()[:4] == ["14.10", "s", str(size), "bytes"]
    assert summary.startswith("5 done, ")


def test_json(sotto, talks):
    _, out, err = sotto("encode", talks, "-r", "-o", "coded", "--json", "-j", "1")
    *files, total = map(json.loads, out.splitlines())
    assert err == ""
    assert files[0]["file"] == "talks/a.wav"
    assert files[0]["output"] == "coded/a.sotto"
    assert files[0]["bytes"] == os.path.getsize("coded/a.sotto")
    assert total["total"]["bytes"] == sum(one["bytes"] for one in files)
    _, out, _ = sotto("info", "coded/a.sotto", "--json")
    assert json.loads(out)["seconds"] == 3


def test_json_tells_damage_and_failures(sotto, wav):
    sotto("encode", wav(seconds=10))
    data = Path("talk.sotto").read_bytes()
    Path("talk.sotto").write_bytes(data[:100] + b"?" + data[101 : len(data) // 2])
    _, out, _ = sotto("decode", "talk.sotto", "-o", "x.wav", "--json")
    facts = json.loads(out)
    assert (facts["damaged"], facts["complete"], facts["trailing"]) == (1, False, False)
    assert facts["missing"] == pytest.approx(10 - facts["seconds"])
    assert len(facts["warnings"]) == 2
    status, out, err = sotto("info", "nope", "talk.sotto", "--json")
    failed, found = map(json.loads, out.splitlines())
    assert status == 1
    assert failed["file"] == "nope"
    assert err == f"sotto: {failed['error']}\n"
    assert found["missing"] == facts["missing"]


def test_quiet(sotto, wav):
    assert sotto("encode", wav(), "-q") == (0, "", "")
    assert sotto("decode", "talk.sotto", "-o", "x.wav", "-q") == (0, "", "")


def test_pipes(sotto_process, wav, in_folder):
    recording = (in_folder / wav()).read_bytes()
    encoded = sotto_process("encode", "-", input=recording)
    assert encoded.returncode == 0
    assert b"bit/s" in encoded.stderr
    decoded = sotto_process("decode", "-", "-q", input=encoded.stdout)
    assert decoded.returncode == 0
    sotto_process("decode", "-", "-o", "back.wav", input=encoded.stdout)
    assert decoded.stdout == (in_folder / "back.wav").read_bytes()
    sotto_process("encode", "talk.wav")
    assert encoded.stdout == (in_folder / "talk.sotto").read_bytes()
    assert b"48000" not in encoded.stderr


def test_closed_pipe_is_nobodys_fault(wav, toy, in_folder):
    wav(seconds=100)
    assert subprocess.run([*SOTTO, "encode", "talk.wav", "-q"]).returncode == 0
    with subprocess.Popen(
        [*SOTTO, "decode", "talk.sotto", "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(100)
        process.stdout.close()
        assert b"unexpected" not in process.stderr.read()
    assert process.returncode == 1


def test_overwrites_only_by_force(sotto, wav):
    assert sotto("encode", wav())[0] == 0
    before = Path("talk.sotto").read_bytes()
    status, _, err = sotto("encode", "talk.wav", "--preset", "max")
    assert status == 2
    assert err == "sotto: talk.sotto: exists already; choose another output, or -f to overwrite\n"
    assert Path("talk.sotto").read_bytes() == before
    assert sotto("encode", "talk.wav", "--preset", "max", "-f")[0] == 0
    assert len(Path("talk.sotto").read_bytes()) > len(before)


def test_seed(sotto, wav):
    sotto("encode", wav())
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        sotto("decode", "talk.sotto", "-o", f"{name}.wav", "--seed", seed)
    a, b, c = (Path(f"{name}.wav").read_bytes() for name in "abc")
    assert a == b != c


def test_roundtrip(sotto, talks):
    status, out, err = sotto("roundtrip", talks, "-r", "-o", "heard", "--keep", "--json")
    assert status == 0
    assert err == ""
    assert json.loads(out.splitlines()[0])["decoding_rtf"] > 0
    assert len(tree("heard")) == 10
    sotto("encode", talks, "-r", "-o", "coded")
    assert tree("coded").items() <= tree("heard").items()
    status, out, _ = sotto("roundtrip", "talks/a.wav", "-o", "a.wav")
    assert " RTF " in out
    assert soundfile.info("a.wav").frames == 48000


def test_info(sotto, wav):
    sotto("encode", wav(rate=44100, channels=2))
    status, out, _ = sotto("info", "talk.sotto")
    assert status == 0
    assert "  recorded  44100 Hz, 2 channels\n" in out
    assert "  speech    3.00 s at " in out


def test_damage_is_warned_about(sotto, wav):
    sotto("encode", wav(seconds=10))
    data = np.fromfile("talk.sotto", np.uint8)
    data[len(data) // 2] ^= 1
    data.tofile("talk.sotto")
    status, _, err = sotto("decode", "talk.sotto", "-o", "x.wav")
    assert status == 0
    assert err.startswith("warning: talk.sotto: 1 of 5 blocks damaged, concealed\n")
    assert soundfile.info("x.wav").frames == 160000


def test_progress_on_a_terminal_only(wav, toy, in_folder):
    wav()
    outer, inner = pty.openpty()
    process = subprocess.run([*SOTTO, "encode", "talk.wav"], stdout=subprocess.PIPE, stderr=inner)
    os.close(inner)
    assert b"encoding" in os.read(outer, 10000)
    os.close(outer)
    assert b"bit/s" in process.stdout
