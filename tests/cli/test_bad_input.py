"""Whatever is given: one clear line, a status, and nothing half-written."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO
from helpers.sounds import speech


def left() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def check(result: tuple[int, str, str], *words: str) -> None:
    status, out, err = result
    assert (status, out) == (2, "")
    assert err.startswith("sotto: ")
    assert err.count("\n") == 1
    assert "; " in err
    assert all(word in err for word in words)


@pytest.mark.parametrize("contents", [b"", b"x", b"RIFF\0\0\0\0WAVE", b"Dear diary,\n" * 1000, bytes(100_000)])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".raw", ""])
def test_no_recordings(sotto, contents, suffix):
    Path("a" + suffix).write_bytes(contents)
    check(sotto("encode", "a" + suffix, "-o", "out"), "a" + suffix)
    assert left() == ["a" + suffix]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_not_numbers(sotto, value):
    wave = speech(1)
    wave[1234] = value
    soundfile.write("a.wav", wave, 16000, subtype="FLOAT")
    check(sotto("encode", "a.wav"), "a.wav")
    assert left() == ["a.wav"]


@pytest.mark.parametrize("samples", [1, 320, 16000])
@pytest.mark.parametrize("what", ["silent", "clipped", "ordinary"])
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (192000, 6)])
def test_odd_but_good(sotto, samples, what, rate, channels):
    wave = {"silent": np.zeros, "clipped": np.ones, "ordinary": lambda n: speech(n / rate, rate)}[what](samples)
    soundfile.write("a.wav", np.repeat(np.asarray(wave)[:, None], channels, axis=1), rate)
    assert sotto("roundtrip", "a.wav", "-o", "b.wav")[0] == 0
    assert soundfile.info("b.wav").frames == max(1, round(samples * 16000 / rate))


@pytest.mark.parametrize("command", ["encode", "decode", "info"])
def test_no_such_input(sotto, command):
    check(sotto(command, "nope"), "nope: no such file")


@pytest.mark.parametrize(
    "contents", [b"", b"RIFF", b"\x89STO", b"\x89STO\x02" + bytes(50), b"\x89STO\x01\xff" + bytes(50)]
)
@pytest.mark.parametrize("command", ["decode", "info", "cut", "join"])
def test_foreign_files(sotto, command, contents):
    Path("a.sotto").write_bytes(contents)
    output = ["-o", "b.sotto"] if command in ("cut", "join") else []
    check(sotto(command, "a.sotto", *output), "a.sotto")
    assert left() == ["a.sotto"]


def test_other_model(sotto, wav, monkeypatch):
    sotto("encode", wav(), "--model", "other")
    monkeypatch.setattr("sottovoce.codec.models.release.available", lambda: ["default"])
    check(sotto("decode", "talk.sotto", "-o", "x.wav"), "talk.sotto: needs the model d9298a10")
    assert left() == ["talk.sotto", "talk.wav"]
    monkeypatch.setattr("sottovoce.codec.models.release.available", lambda: ["default", "other"])
    assert sotto("decode", "talk.sotto", "-o", "x.wav", "--model", "other")[0] == 0


@pytest.mark.parametrize(("option", "value"), [("--model", "nope"), ("--preset", "nope")])
def test_unknown_names_are_said_once(sotto, wav, option, value):
    check(sotto("encode", wav("a.wav"), wav("b.wav"), option, value), "choose one of")


@pytest.mark.parametrize("command", ["decode", "roundtrip"])
def test_a_kernel_that_is_not_there(sotto, wav, monkeypatch, command):
    sotto("encode", wav())
    monkeypatch.setattr("sottovoce.cli.support.kernel.default_kernel", lambda: "bogus")
    source = "talk.sotto" if command == "decode" else "talk.wav"
    check(sotto(command, source, "-o", "x.wav"), "SOTTO_KERNEL=bogus", "choose one of", "numba")
    assert left() == ["talk.sotto", "talk.wav"]


def test_a_model_that_cannot_be_used(sotto, wav, monkeypatch):
    def damaged(name):
        raise ValueError("damaged: header too short")

    monkeypatch.setattr("sottovoce.codec.models.release.load", damaged)
    check(sotto("encode", wav()), "'default'", "header too short", "install sottovoce again")
    Path("x.safetensors").touch()
    check(sotto("encode", "talk.wav", "--model", "x.safetensors"), "x.safetensors", "header too short", "sotto export")
    assert left() == ["talk.wav", "x.safetensors"]


def test_keep_needs_a_place(sotto, wav):
    status, out, err = sotto("roundtrip", wav(), "-o", "-", "--keep")
    assert (status, out) == (2, "")
    assert "--keep" in err
    Path("x.sotto").write_text("mine")
    check(sotto("roundtrip", "talk.wav", "-o", "x.wav", "--keep"), "x.sotto: exists already")
    assert left() == ["talk.wav", "x.sotto"]
    assert Path("x.sotto").read_text() == "mine"


def test_standard_input_beside_others(sotto, wav):
    wav()
    check(sotto("encode", "talk.wav", "-"), "standard input", "for standard output give -o -")
    check(sotto("encode", "talk.wav", "x.wav", "-"), "standard input", "give it alone")
    assert left() == ["talk.wav"]


@pytest.mark.parametrize(
    ("command", "config", "words"),
    [
        ("train", "x = 1", "there is no table [stage.NAME]"),
        ("train", "[stage.a]\ntask = 'spectrum'", "there is no table [model]"),
        ("train", "[", "x.toml: "),
        ("export", "x = 1", "there is no table [stage.NAME]"),
        ("export", "\0", "x.toml: "),
    ],
)
def test_odd_configurations(sotto, command, config, words):
    pytest.importorskip("torch")
    Path("x.toml").write_text(config)
    Path("w.safetensors").write_text("Dear diary,")
    status, out, err = sotto(
        *([command, "x.toml"] if command == "train" else [command, "x.toml", "w.safetensors", "-o", "y"])
    )
    assert (status, out) == (2, "")
    assert err.startswith("sotto: x.toml: ")
    assert words in err
    assert err.count("\n") == 1


def test_weights_and_shards_that_are_none(sotto):
    pytest.importorskip("torch")
    Path("w.safetensors").write_text("Dear diary,")
    _, _, err = sotto("export", "default", "w.safetensors", "-o", "y")
    assert err.startswith("sotto: default: weights or shards are no safetensors file (")
    assert err.count("\n") == 1
    setting = ("--set", "stage.spectrum.shards=nope", "--set", "stage.spectrum.out=run")
    _, _, err = sotto("train", "default", *setting)
    assert err == "sotto: nope: no index.json; make shards with: sotto prepare DIR -o nope\n"


def test_batch_goes_on(sotto, wav):
    wav("talks/a.wav")
    wav("talks/c.wav")
    Path("talks/b.wav").write_text("Dear diary,")
    status, out, err = sotto("encode", "talks", "nope.wav", "-o", "coded", "-j", "2")
    assert status == 1
    *files, summary, failed = out.splitlines()
    assert [line.split()[-1] for line in files] == ["talks/a.wav", "talks/c.wav", "all"]
    assert summary.startswith("2 done, 2 failed, ")
    assert failed == "failed: talks/b.wav, nope.wav"
    assert [line.split(":")[1] for line in err.splitlines()] == [" talks/b.wav", " nope.wav"]
    assert sorted(os.listdir("coded/talks")) == ["a.sotto", "c.sotto"]
    Path("coded/talks/b.sotto").write_text("foreign")
    status, out, err = sotto("decode", "coded/talks", "-j", "1")
    assert (status, err.count("\n")) == (1, 1)
    assert "1 ignored" not in out
    assert len(list(Path("coded/talks").glob("*.wav"))) == 2


@pytest.mark.parametrize("command", ["encode", "decode", "roundtrip"])
def test_full_disk(sotto, wav, command):
    sotto("encode", wav())
    source = "talk.sotto" if command == "decode" else "talk.wav"
    check(sotto(command, source, "-o", "/dev/full"), "/dev/full: no space left")
    check(sotto(command, source, "-o", "/proc/nope/x"), "/proc/nope/x")


def test_file_too_large(sotto_process, wav):
    wav(seconds=20)
    sotto_process("encode", "talk.wav")
    result = sotto_process(
        "decode",
        "talk.sotto",
        "-o",
        "x.wav",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999)),
    )
    check((result.returncode, result.stdout.decode(), result.stderr.decode()), "x.wav: the file would be larger")
    assert left() == ["talk.sotto", "talk.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_forbidden(sotto, wav):
    os.mkdir("closed", 0o500)
    check(sotto("encode", wav(), "-o", "closed/x.sotto"), "closed/x.sotto: permission denied")
    os.chmod("talk.wav", 0)
    check(sotto("encode", "talk.wav"), "talk.wav: permission denied")


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("whom", ["process", "group"])
def test_interrupted(wav, toy, monkeypatch, workers, number, status, whom):
    for name in "abcdef":
        wav(f"talks/{name}.wav", seconds=20)
    monkeypatch.setenv("STUB_SLOWNESS", "0.2")
    with subprocess.Popen(
        [*SOTTO, "encode", "talks", "-o", "coded", "-j", workers],
        stderr=subprocess.PIPE,
        start_new_session=True,
        # whoever runs the tests in the background has Ctrl-C ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while not list(Path().glob("coded/.*.part")):
            assert process.poll() is None
            time.sleep(0.01)
        (os.killpg if whom == "group" else os.kill)(process.pid, number)
        err = process.stderr.read()
    assert process.returncode == status
    assert err in (b"", b"\n", b"sotto: interrupted\n", b"\nsotto: interrupted\n")
    assert not list(Path().glob("coded/.*"))
