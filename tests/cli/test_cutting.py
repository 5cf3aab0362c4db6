"""Cutting, joining, seeking and cat, as one types them."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO


@pytest.fixture
def talk(sotto, wav) -> str:
    sotto("encode", wav(seconds=10))
    return "talk.sotto"


def check(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert (status, out) == (2, "")
    assert err.startswith("sotto: ") and err.count("\n") == 1
    assert all(word in err for word in words), err


def test_decode_a_part(sotto, talk):
    status, out, err = sotto("decode", talk, "-o", "part.wav", "--from", "2.5", "--to", "4.125")
    assert status == 0 and "warning" not in err
    assert soundfile.info("part.wav").frames == 26000
    assert out.split()[:2] == ["1.62", "s"]
    assert sotto("decode", talk, "-o", "end.wav", "--from", "9.5")[0] == 0
    assert soundfile.info("end.wav").frames == 8000
    _, _, err = sotto("decode", talk, "-o", "over.wav", "--from", "9.5", "--to", "11")
    assert "warning: talk.sotto: it ends at 10.00 s already\n" in err


@pytest.mark.parametrize("command", ["decode", "cut"])
@pytest.mark.parametrize(
    ("span", "words"),
    [
        (["--from", "10"], ("talk.sotto: it ends at 10.00 s", "begin earlier")),
        (["--from", "-1"], ("'-1' is not a time", "mm:ss")),
        (["--from", "5", "--to", "5"], ("nothing from 5 to 5 s",)),
        (["--from", "nan"], ("'nan' is not a time",)),
        (["--to", "x"], ("--to",)),
    ],
)
def test_times_that_cannot_be(sotto, talk, command, span, words):
    check(sotto(command, talk, "-o", "out", *span), *words)
    assert not Path("out").exists()


def test_cut_and_join(sotto, talk):
    for number, span in enumerate((["--to", "3"], ["--from", "3", "--to", "7.3"], ["--from", "7.3"])):
        status, out, err = sotto("cut", talk, "-o", f"{number}.sotto", *span)
        assert (status, err) == (0, "")
        assert out.split()[-1] == f"{number}.sotto"
    status, out, _ = sotto("join", "0.sotto", "1.sotto", "2.sotto", "-o", "whole.sotto", "--json")
    assert status == 0
    facts = json.loads(out)
    # 7.3 s lie within a step, which is in both parts
    assert facts["seconds"] == pytest.approx(10.04) and facts["bytes"] == os.path.getsize("whole.sotto")
    assert json.loads(sotto("info", "whole.sotto", "--json")[1])["seconds"] == pytest.approx(10.04)


def test_pipes(sotto_process, talk):
    data = Path(talk).read_bytes()
    run = sotto_process("cut", "-", "-o", "-", "--from", "2", "--to", "4", input=data)
    assert run.returncode == 0 and b"2.00 s" in run.stderr
    sotto_process("cut", talk, "-o", "file.sotto", "--from", "2", "--to", "4")
    assert Path("file.sotto").read_bytes() == run.stdout


@pytest.mark.parametrize("command", [("cut",), ("join",), ("damage", "--loss", "50")])
@pytest.mark.parametrize("alias", ["talk.sotto", "./talk.sotto", "linked.sotto", "same.sotto"])
def test_an_input_is_not_overwritten(sotto, talk, command, alias):
    os.symlink(talk, "linked.sotto")
    os.link(talk, "same.sotto")
    before = Path(talk).read_bytes()
    check(sotto(*command, talk, "-o", alias, "-f"), f"{alias}: is an input and would be overwritten; choose another")
    assert Path(talk).read_bytes() == before


def test_what_cannot_be_joined(sotto, wav, talk):
    sotto("encode", talk.replace(".sotto", ".wav"), "-o", "low.sotto", "--preset", "low")
    check(sotto("join", talk, "low.sotto", "-o", "out"), "low.sotto: of preset 'low'", "`cat`")
    check(sotto("join", talk, "-", "-o", "out"), "standard input", "read twice")
    check(sotto("join", talk, "nope", "-o", "out"), "nope: no such file")
    check(sotto("join", talk, talk, "-o", talk), "is an input")
    assert not Path("out").exists()


def test_cat(sotto, wav, talk):
    sotto("encode", wav("other.wav", seconds=3), "--preset", "low")
    Path("both.sotto").write_bytes(Path(talk).read_bytes() + Path("other.sotto").read_bytes())
    status, out, err = sotto("decode", "both.sotto", "-o", "both.wav")
    assert (status, "warning" in err) == (0, False)
    wave, _ = soundfile.read("both.wav", dtype="int16")
    assert len(wave) == 13 * 16000
    piped = subprocess.run(
        f"cat {talk} other.sotto | {' '.join(map(repr, SOTTO))} decode - -q | cat",
        shell=True,
        capture_output=True,
        check=True,
    )
    np.testing.assert_array_equal(np.frombuffer(piped.stdout[44:], "<i2"), wave)
    out = sotto("info", "both.sotto")[1]
    assert "13.00 s" in out and "files     2, one after the other" in out
    facts = json.loads(sotto("info", "both.sotto", "--json")[1])
    assert (facts["files"], facts["seconds"], facts["blocks"], facts["trailing"]) == (2, 13, 7, False)
    assert facts["bytes"] == os.path.getsize("both.sotto")


def test_rubbish_is_told(sotto, talk):
    Path(talk).write_bytes(Path(talk).read_bytes() + b"rubbish")
    assert "something else follows the end" in sotto("decode", talk, "-o", "x.wav")[2]
    assert "besides" in sotto("info", talk)[1]
    assert json.loads(sotto("info", talk, "--json")[1])["trailing"] is True


def test_table_of_blocks(sotto, talk):
    data = bytearray(Path(talk).read_bytes())
    data[-200] ^= 1
    Path(talk).write_bytes(data)
    out = sotto("info", talk, "--blocks")[1]
    rows = [line.split() for line in out.splitlines()[-5:]]
    assert [row[:3] for row in rows] == [[str(n), f"{2 * n}.00", "50"] for n in range(5)]
    assert [row[3] == "damaged" for row in rows].count(True) == 1
    facts = json.loads(sotto("info", talk, "--blocks", "--json")[1])
    assert [row["start"] for row in facts["table"]] == [0, 2, 4, 6, 8]
    assert [row["bytes"] is None for row in facts["table"]] == [row[3] == "damaged" for row in rows]
    assert "table" not in json.loads(sotto("info", talk, "--json")[1])


def test_table_of_blocks_of_several_files(sotto, talk):
    Path("both.sotto").write_bytes(Path(talk).read_bytes() * 2)
    rows = [line.split() for line in sotto("info", "both.sotto", "--blocks")[1].splitlines()[-10:]]
    assert [row[:3] for row in rows[4:6]] == [["1", "4", "8.00"], ["2", "0", "0.00"]]
    assert sum(int(row[-1]) for row in rows) < os.path.getsize("both.sotto")
