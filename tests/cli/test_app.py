import os
import subprocess
import sys

import pytest

from sottovoce.cli import app as app_module
from sottovoce.cli.app import COMMANDS


def test_help_imports_nothing_slow():
    """Its time is measured by benchmarks/startup.py."""
    code = "import sys; from sottovoce.cli.app import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = {name.partition(".")[0] for name in done.stderr.split()}
    assert not modules & {
        "numpy",
        "soundfile",
        "soxr",
        "safetensors",
        "numba",
        "reedsolo",
        "rich",
        "torch",
        "sounddevice",
    }
    assert {name for name in done.stderr.split() if name.startswith("sottovoce.codec.")} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(sotto, name):
    status, out, err = sotto(name, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: sotto {name} ")


def test_version(sotto):
    assert sotto("--version")[1].startswith("sotto, version ")


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["encode"], ["encode", "a", "--nope"], ["decode", "a", "--seed", "x"], ["train", "a", "--set", "b"]],
)
def test_bad_usage_is_one_line(sotto, arguments):
    status, out, err = sotto(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("sotto: ")
    assert err.endswith("--help`\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(sotto, shell):
    status, out, _ = sotto("completion", shell)
    assert status == 0
    assert "_SOTTO_COMPLETE" in out


def test_completion_completes(sotto_process, monkeypatch):
    for name, value in (("_SOTTO_COMPLETE", "bash_complete"), ("COMP_WORDS", "sotto de"), ("COMP_CWORD", "1")):
        monkeypatch.setenv(name, value)
    assert b"decode" in sotto_process().stdout


@pytest.fixture
def completed(sotto_process, monkeypatch):
    """Completes the last of some words and returns what is offered: type and value, a line each."""

    def call(*words: str) -> list[str]:
        monkeypatch.setenv("_SOTTO_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(("sotto", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        return sotto_process().stdout.decode().splitlines()

    return call


@pytest.mark.parametrize(
    "words",
    [
        ["encode", "ta"],
        ["encode", "x", "-o", "ta"],
        ["decode", "ta"],
        ["decode", "--model", "ta"],
        ["roundtrip", "x", "-o", "ta"],
        ["info", "ta"],
        ["train", "ta"],
        ["export", "x", "ta"],
        ["prepare", "x", "-o", "ta"],
    ],
)
def test_files_are_completed(completed, words):
    assert completed(*words) == ["file,ta"]


def test_names_are_completed(completed):
    assert completed("encode", "--preset", "l") == ["plain,low"]
    assert completed("encode", "--model", "nope", "--preset", "l") == [""]
    assert completed("encode", "--model", "o") == ["plain,other"]


@pytest.mark.parametrize(("name", "threads"), [("encode", "1"), ("decode", "1"), ("roundtrip", "1"), ("train", None)])
def test_coding_uses_a_thread_and_training_all(name, threads):
    code = (
        "import os, sys; from sottovoce.cli.app import run; "
        f"run([{name!r}, '--help']); sys.exit(os.environ.get('OPENBLAS_NUM_THREADS') != {threads!r})"
    )
    environment = {key: value for key, value in os.environ.items() if key not in app_module.THREADS}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)


def test_threads_that_were_asked_for_stay(sotto, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    sotto("encode", "--help")
    assert os.environ["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("error", [RuntimeError("oh\nno"), MemoryError(), RecursionError(), AssertionError()])
def test_the_unforeseen_is_one_line(sotto, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(app_module.app, "main", fail)
    status, _, err = sotto("models")
    assert status == 2
    assert err.startswith(f"sotto: unexpected {type(error).__name__}")
    assert err.count("\n") == 1
    assert "please report it" in err
    monkeypatch.setenv("SOTTO_DEBUG", "1")
    with pytest.raises(type(error)):
        sotto("models")


@pytest.mark.parametrize(("cause", "expected"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
def test_interruptions_that_were_wrapped(sotto, monkeypatch, cause, expected):
    """As Python does with those in ``__set_name__``, while modules are imported."""

    def plan(*given, **how):
        raise RuntimeError("Error calling __set_name__") from cause

    monkeypatch.setattr("sottovoce.cli.encode.plan", plan)
    try:
        status, _, err = sotto("encode", "x.wav")
    except SystemExit as end:
        status, err = end.code, ""
    assert status == expected
    assert "unexpected" not in err


def test_interrupted(sotto, monkeypatch):
    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sottovoce.codec.models.release.available", fail)
    status, _, err = sotto("models")
    assert status == 130
    assert err.strip() == "sotto: interrupted"


def test_models_in_full(sotto):
    status, out, _ = sotto("models", "--all")
    assert status == 0
    assert "model: default\nid: 37a8eec1\n" in out
    assert "  default: 600\n" in out
    assert "      - toy speech\n" in out


def test_models_tells_which_preset_to_choose(sotto):
    status, out, _ = sotto("models")
    assert status == 0
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert rows["default"].split()[1:5] == ["600", "270", "kB", "understandable;"]
    assert "sotto models --all\n" in out
    assert "toy speech" not in out


@pytest.mark.parametrize(
    ("arguments", "missing"), [(["train", "x.toml"], "torch"), (["prepare", ".", "-o", "shards"], "pyworld")]
)
def test_training_says_what_it_needs(sotto, wav, monkeypatch, arguments, missing):
    wav()
    for module in list(sys.modules):
        if module.startswith("sottovoce.models.training"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    status, _, err = sotto(*arguments)
    assert status == 2
    assert err == f"sotto: training needs {missing}; pip install 'sottovoce[train]'\n"


def test_suggestions(sotto, wav):
    assert "No such command 'encod'. Did you mean encode" in sotto("encod")[2]
    assert sotto("xyzzy")[2] == "sotto: No such command 'xyzzy'; see `sotto --help`\n"
    assert f"Did you mean `sotto encode {wav()}`?" in sotto("talk.wav")[2]
    sotto("encode", "talk.wav")
    assert "Did you mean `sotto play talk.sotto`?" in sotto("talk.sotto")[2]
    assert "'--preset'" in sotto("encode", "talk.wav", "--prest", "low")[2]
