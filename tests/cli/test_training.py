"""From a flat folder of recordings to a model of one's own, with the commands that each step names."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
import soundfile
from helpers import tiny

from sottovoce.cli.app import THREADS, run

pytest.importorskip("torch")


@pytest.fixture
def sotto(in_folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Runs a command here with real models in place of the toy."""
    for name in THREADS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(in_folder / "data"))

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run(list(arguments))
        return status, *capfd.readouterr()

    return call


def recordings(folder: str, count: int = 3, seconds: float = 3.0) -> str:
    for number in range(count):
        path = Path(folder) / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tiny.voice(seconds, 110, number), tiny.RATE)
    return folder


def write_config(folder: Path) -> str:
    model = tiny.config()
    decoding = {"voiced_temperature": 1.0, "unvoiced_temperature": 1.0, "floor": 0.0, "envelope_passes": 1}
    stage = {
        "shards": "shards", "steps": 2, "batch": 2, "context": 2, "steps_per_crop": 4, "reference_frames": 60,
        "unscored_samples": 160, "warmup_steps": 1, "log_every": 1, "check_every": 2, "check_batch": 2,
    }  # fmt: skip
    stages = {
        "stage.spectrum": {"task": "spectrum", "out": "runs/spectrum", **stage},
        "stage.decoder": {"task": "decoder", "out": "runs/decoder", "start": "runs/spectrum", **stage},
    }
    return str(tiny.write_tables(folder / "own.toml", {**model, "decoding": decoding, **stages}))


def test_a_model_of_ones_own(sotto, in_folder):
    status, out, err = sotto("prepare", recordings("flat"), "-o", "shards", "-j", "1")
    assert status == 0
    assert "3 recordings of one speaker" in out
    assert "1 recordings are held out" in out
    assert "--speakers" in err

    status, out, err = sotto("prepare", "flat", "-o", "shards")
    assert status == 2
    assert "has shards already; choose another folder, or -f" in err

    status, out, err = sotto("train", write_config(in_folder))
    assert status == 0, err
    assert re.search(
        r"stage spectrum \(1 of 2\): 2 steps of 2 x 0\.16 s on .*[\d,]+ of [\d,]+ parameters are trained", out
    )
    assert re.search(r"speech: 0\.00\d h \(2 recordings, 1 speaker\) from shards", out)
    assert "step 1 of 2: loss" in out
    assert "no examples" not in err, err
    assert "weights: runs/decoder/weights.safetensors" in out
    assert "next: sotto export runs/decoder -o NAME" in out
    for stage in ("spectrum", "decoder"):
        folder = Path("runs") / stage
        assert (folder / "log.csv").read_text().startswith("step,seconds,loss")
        assert (folder / "curves.png").read_bytes()[:4] == b"\x89PNG"
        assert (folder / "examples" / "1-original.wav").exists()
        assert (folder / "examples" / "1.png").exists()
        assert stat.S_IMODE((folder / "weights.safetensors").stat().st_mode) & 0o444 == 0o444
    assert Path("runs/decoder/examples/1-decoded.wav").exists()

    status, out, err = sotto("export", "runs/decoder", "-o", "mine")
    assert status == 0, err
    card = json.loads(Path("mine.json").read_text())
    assert "2 recordings of 1 speaker" in card["summary"]
    assert "speechocean" not in Path("mine.json").read_text()
    assert [one["stage"] for one in card["stages"]] == ["spectrum", "decoder"]
    assert card["training"][0].startswith("spectrum: 2 steps of 2 stretches of 0.16 s")
    status, _, err = sotto("export", "runs/decoder", "-o", "mine")
    assert (status, "exists already" in err) == (2, True)
    assert sotto("export", "runs/decoder", "-o", "mine", "-f")[0] == 0

    assert sotto("encode", "flat/0.wav", "-o", "talk.sotto", "--model", "mine")[0] == 0
    status, out, _ = sotto("info", "talk.sotto")  # the model is here, so it need not be named
    assert (status, "model     mine" in out) == (0, True)
    _, out, _ = sotto("models")
    assert "your own: mine.safetensors" in out
    Path("data/sottovoce/models").mkdir(parents=True)
    for suffix in (".safetensors", ".json"):
        Path(f"mine{suffix}").rename(f"data/sottovoce/models/mine{suffix}")
    assert sotto("decode", "talk.sotto", "-o", "talk.wav")[0] == 0
    for suffix in (".safetensors", ".json"):
        Path(f"data/sottovoce/models/mine{suffix}").unlink()
    status, _, err = sotto("decode", "talk.sotto", "-o", "again.wav")
    assert (status, "which is not here; give its weights: --model FILE" in err) == (2, True)
    status, out, _ = sotto("info", "talk.sotto")
    assert "besides" not in out and "give its weights with --model" in out


def test_all_recordings_of_one_speaker(sotto, in_folder):
    recordings("speech/a", 2)
    recordings("speech/b", 2)
    _, out, err = sotto("prepare", "speech", "-o", "shards", "--one-speaker", "-j", "1")
    assert "4 recordings of one speaker" in out
    assert "note" not in err


def test_speakers_by_table(sotto, in_folder):
    recordings("flat", 4)
    Path("who.csv").write_text("path,speaker\n" + "".join(f"flat/{n}.wav,s{n % 2}\n" for n in range(4)))
    _, out, _ = sotto("prepare", "flat", "-o", "shards", "--speakers", "who.csv", "-j", "1")
    assert "4 recordings of 2 speakers" in out
    Path("who.csv").write_text("file,who\n")
    status, _, err = sotto("prepare", "flat", "-o", "other", "--speakers", "who.csv", "-j", "1")
    assert status == 2 and "has no column 'path'; name the columns in its first line" in err


def test_one_recording_is_too_few(sotto, in_folder):
    sotto("prepare", recordings("flat", 1), "-o", "shards", "-j", "1")
    status, _, err = sotto("train", write_config(in_folder))
    assert status == 2
    assert "one recording only" in err


def test_list_and_config(sotto):
    status, out, _ = sotto("train", "--list")
    assert status == 0
    assert re.search(r"^tiny +A small model to try training with", out, re.M)
    assert "families/lstm" in out
    status, out, _ = sotto("config", "tiny")
    assert status == 0
    assert re.search(r"^batch = 8 +# stretches of speech in a step", out, re.M)
    status, _, err = sotto("train", "lstm")
    assert (status, "did you mean families/lstm" in err) == (2, True)
    status, _, err = sotto("train")
    assert (status, "sotto train --list" in err) == (2, True)


def test_wrong_settings_do_nothing(sotto, in_folder):
    status, _, err = sotto("train", "tiny", "--set", "steps=5")
    assert status == 2
    assert "stage.spectrum.steps or stage.decoder.steps" in err
    assert not os.path.exists("runs")


def test_export_of_what_knows_no_configuration(sotto, in_folder):
    Path("w.safetensors").write_bytes(b"")
    status, _, err = sotto("export", "w.safetensors", "-o", "mine")
    assert status == 2
    assert "name its configuration: sotto export CONFIG w.safetensors -o NAME" in err
