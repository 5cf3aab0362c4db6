"""Protected files, as one types it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.coded_toy import CodedToy

from sottovoce.codec import models


@pytest.fixture
def talk(sotto, wav, monkeypatch) -> str:
    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: CodedToy(preset))
    assert sotto("encode", wav(seconds=40), "--protect", "4")[0] == 0
    return "talk.sotto"


def test_damaged_and_restored(sotto, talk):
    assert sotto("damage", talk, "-o", "bad.sotto", "--loss", "10", "--seed", "2")[0] == 0
    _, _, err = sotto("decode", "bad.sotto")
    assert "of 20 blocks lost, restored" in err and "concealed" not in err
    sotto("decode", talk, "-o", "good.wav")
    np.testing.assert_array_equal(soundfile.read("bad.wav")[0], soundfile.read("good.wav")[0])


def test_info(sotto, talk):
    sotto("damage", talk, "-o", "bad.sotto", "--loss", "10", "--seed", "2")
    broken = bytearray(Path("bad.sotto").read_bytes())
    broken[:4] = b"RIFF"
    Path("bad.sotto").write_bytes(broken)
    status, out, _ = sotto("info", "bad.sotto", "--blocks")
    assert status == 0 and "  header    damaged, the next one was read, " in out
    assert "  protected 4 of each 16 blocks may be lost" in out and "of 20 blocks restored" in out
    lines = out[out.index("   block") :].splitlines()[1:]
    assert len(lines) == 20 and any(line.endswith("restored") for line in lines)
    found = json.loads(sotto("info", talk, "--json")[1])
    sotto("encode", "talk.wav", "-o", "plain.sotto")
    assert found["protection"] == 4 and found["restored"] == 0
    assert found["protecting"] == Path(talk).stat().st_size - Path("plain.sotto").stat().st_size


def test_cut_and_join_keep_it(sotto, talk):
    sotto("cut", talk, "-o", "a.sotto", "--to", "10")
    sotto("cut", talk, "-o", "b.sotto", "--from", "10")
    assert sotto("join", "a.sotto", "b.sotto", "-o", "both.sotto")[0] == 0
    assert Path("both.sotto").read_bytes() == Path(talk).read_bytes()


def test_what_cannot_be(sotto, wav):
    for number in ("-1", "17", "x"):
        status, _, err = sotto("encode", wav(), "--protect", number)
        assert status == 2 and err.startswith("sotto: Invalid value for '--protect'")
    status, _, err = sotto("encode", "talk.wav", "--protect", "1")
    assert (status, err.count("\n")) == (2, 1) and "no context model, which protection needs; leave it out" in err
    assert not Path("talk.sotto").exists()


def test_pipes_that_flow_are_not_protected(sotto_process, wav):
    done = sotto_process("encode", "-", "-", "--protect", "1", input=Path(wav()).read_bytes())
    assert done.returncode == 2 and b"--protect can't be used when streaming" in done.stderr and not done.stdout
