"""Any folder of speech becomes shards; whom they hold out, and what is drawn from them."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from helpers import tiny
from safetensors.numpy import load_file

from sottovoce.models.errors import SottoError
from sottovoce.models.level import TARGET_DB, active_level
from sottovoce.models.training import shards as shards_module
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import fundamental, is_dev, list_utterances, prepare

CPU = torch.device("cpu")


def write(path: Path, wave: np.ndarray, rate: int = 16000, **how: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, **how)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Odd recordings: stereo at 44.1 kHz, quiet, loud, short, silent, and files that are none."""
    root = tmp_path / "speech"
    wave = tiny.voice(1.2)
    at_44 = np.interp(np.arange(0, 1.2, 1 / 44100), np.arange(len(wave)) / 16000, wave)
    write(root / "ann" / "stereo.flac", np.stack((at_44, np.zeros_like(at_44)), 1), 44100)
    write(root / "ann" / "quiet.wav", 0.01 * wave, subtype="FLOAT")
    write(root / "bob" / "loud.WAV", np.clip(3 * wave, -1, 1), format="WAV")
    write(root / "bob" / "short.ogg", wave[:500])
    write(root / "bob" / "silent.wav", np.zeros(3000))
    write(root / "bob" / "empty.wav", np.zeros(0))
    (root / "bob" / "text.wav").write_text("this is not a recording")
    (root / "bob" / "notes.txt").write_text("nor is this")
    return root


def test_prepare(folder: Path, tmp_path: Path):
    index = prepare(folder, tmp_path / "out")
    assert index == json.loads((tmp_path / "out" / "index.json").read_text())
    assert sorted(line.split(":")[0].rsplit("/", 1)[1] for line in index["skipped"]) == ["empty.wav", "text.wav"]
    utterances = index["utterances"]
    assert [u["speaker"] for u in utterances] == ["ann:ann"] * 2 + ["bob:bob"] * 3
    tensors = load_file(tmp_path / "out" / "shard-000.safetensors")
    assert tensors["wave"].dtype == np.int16 and tensors["f0"].dtype == np.float16
    assert len(tensors["wave"]) == 160 * len(tensors["f0"]) == sum(u["samples"] for u in utterances)
    start = 0
    for u in utterances:
        assert u["start"] == start and u["samples"] % 640 == 0
        start += u["samples"]
    quiet, stereo, loud, short, silent = (
        tensors["wave"][u["start"] : u["start"] + u["samples"]] / 32768 for u in utterances
    )
    for wave in (quiet, stereo, loud):
        assert active_level(wave) == pytest.approx(TARGET_DB, abs=0.2)
        assert len(wave) == 19200
    # 44.1 kHz stereo is the same speech
    assert np.corrcoef(quiet, stereo)[0, 1] > 0.98
    assert len(short) == 640 and not silent.any()


def test_not_a_number_is_skipped(tmp_path: Path):
    wave = tiny.voice(0.5)
    write(tmp_path / "in" / "good.wav", wave)
    wave = wave.copy()
    wave[100] = np.nan
    write(tmp_path / "in" / "bad.wav", wave, subtype="FLOAT")
    write(tmp_path / "in" / "worse.wav", wave * np.inf, subtype="FLOAT")
    index = prepare(tmp_path / "in", tmp_path / "out")
    assert len(index["utterances"]) == 1 and len(index["skipped"]) == 2


def test_no_recordings(tmp_path: Path):
    with pytest.raises(ValueError, match="no recordings found"):
        prepare(tmp_path, tmp_path / "out")


def test_speakers_from_a_table(folder: Path):
    (folder.parent / "speech.csv").write_text(
        "path,speaker\nspeech/ann/stereo.flac,carol\nspeech/ann/quiet.wav,unknown\nspeech/bob/loud.WAV,spk_unknown\n"
    )
    speakers = {u.path.name: u.speaker for u in list_utterances(folder)}
    assert speakers["stereo.flac"] == "ann:carol"
    assert speakers["quiet.wav"] == "ann/quiet.wav" and speakers["loud.WAV"] == "bob/loud.WAV"
    assert speakers["short.ogg"] == "bob:bob"
    assert "notes.txt" not in speakers


def test_recordings_are_read_as_encode_reads_them(tmp_path: Path):
    """Also formats and layouts that libsndfile alone does not read right."""
    wave = tiny.voice(1.0)
    write(tmp_path / "in" / "ann" / "mono.wav", wave)
    write(tmp_path / "in" / "ann" / "inverted.wav", np.stack((wave, -wave), 1))
    write(tmp_path / "in" / "ann" / "other.aifc", wave, format="AIFF")
    data = (tmp_path / "in" / "ann" / "mono.wav").read_bytes()
    unfinished = data[:4] + bytes(4) + data[8:40] + bytes(4) + data[44:]  # of a recorder that lost its power
    (tmp_path / "in" / "ann" / "unfinished.wav").write_bytes(unfinished)
    index = prepare(tmp_path / "in", tmp_path / "out")
    assert not index["skipped"] and [u["samples"] for u in index["utterances"]] == [16000] * 4
    waves = load_file(tmp_path / "out" / "shard-000.safetensors")["wave"].reshape(4, -1)
    for one in waves:
        assert abs(np.corrcoef(one, waves[1])[0, 1]) > 0.999
        assert active_level(one / 32768) == pytest.approx(TARGET_DB, abs=0.2)


def test_a_table_of_other_recordings_is_an_error(folder: Path):
    (folder.parent / "speech.csv").write_text("path,speaker\nspeech/ann/stereo.flac,carol\nspeech/gone.wav,carol\n")
    with pytest.raises(SottoError, match=r"1 of 2 recordings in it do not exist, such as speech/gone\.wav"):
        list_utterances(folder)


def test_several_shards_and_processes(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = prepare(folder, tmp_path / "one")
    monkeypatch.setattr(shards_module, "SHARD_SAMPLES", 20000)
    many = prepare(folder, tmp_path / "many", jobs=2)
    assert many["shards"] == 2 and one["shards"] == 1
    assert many["utterances"] == one["utterances"]
    parts = [load_file(tmp_path / "many" / f"shard-{i:03d}.safetensors")["wave"] for i in range(2)]
    assert np.array_equal(np.concatenate(parts), load_file(tmp_path / "one" / "shard-000.safetensors")["wave"])


def test_splits_are_disjoint(shards: Path):
    train, dev = Corpus(shards, CPU), Corpus(shards, CPU, "dev")
    index = json.loads((shards / "index.json").read_text())
    total = sum(u["samples"] for u in index["utterances"])
    assert len(train.wave) + len(dev.wave) == total and len(dev.wave) == total // 4
    held = {u["speaker"] for u in index["utterances"] if is_dev(u["speaker"])}
    assert len(held) == 1
    pieces = {train.wave[i : i + 640].numpy().tobytes() for i in range(0, len(train.wave), 640)}
    assert not any(dev.wave[i : i + 640].numpy().tobytes() in pieces for i in range(0, len(dev.wave), 640))


def test_about_one_speaker_in_twenty_is_held_out():
    assert 0.04 < np.mean([is_dev(f"speaker {i}") for i in range(5000)]) < 0.06


def test_a_folder_of_few_speakers_can_be_trained_on(tmp_path: Path):
    for name in tiny.speakers(2, 0):
        write(tmp_path / "in" / name / "a.wav", tiny.voice(1.0))
    prepare(tmp_path / "in", tmp_path / "out")
    assert len(Corpus(tmp_path / "out", CPU).wave) and len(Corpus(tmp_path / "out", CPU, "dev").wave)


def test_missing_shards(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="sotto prepare"):
        Corpus(tmp_path, CPU)


def crop(corpus: Corpus, seed: int = 0, augment: bool = False, frames: int = 48, reference: int = 60, **how: bool):
    generator = torch.Generator().manual_seed(seed)
    return corpus.crop(generator, 6, frames, reference, how.get("by_speaker", False), augment)


def test_crops_are_speech_with_its_pitch(shards: Path):
    corpus = Corpus(shards, CPU)
    found = crop(corpus)
    assert found.wave.shape == (6, 48 * 160) and found.f0.shape == (6, 48) and found.reference.shape == (6, 9600)
    whole = corpus.wave.float().numpy() / 32768
    for wave, f0 in zip(found.wave.numpy(), found.f0.numpy(), strict=True):
        starts = [i for i in range(0, len(whole) - len(wave), 160) if whole[i] == wave[0]]
        at = [i for i in starts if np.array_equal(whole[i : i + len(wave)], wave)]
        assert len(at) == 1
        assert np.array_equal(corpus.f0[at[0] // 160 :][:48].numpy(), f0)


@pytest.mark.parametrize("by_speaker", [True, False])
def test_references_are_the_same_voice(shards: Path, by_speaker: bool):
    corpus = Corpus(shards, CPU)
    whole, n = corpus.wave.numpy(), len(corpus.wave)
    assert n == 3 * 96000
    for seed in range(5):
        found = crop(corpus, seed, by_speaker=by_speaker)
        for wave, reference in zip(found.wave, found.reference, strict=True):
            middle = find(whole, wave) + 24 * 160
            at = find(whole, reference)
            unit = n // 3 if by_speaker else n // 6
            assert middle // unit == at // unit == (at + 9600 - 1) // unit


def find(whole: np.ndarray, piece: torch.Tensor) -> int:
    wanted = torch.round(piece * 32768).short().numpy()
    return next(i for i in range(0, len(whole), 160) if np.array_equal(whole[i : i + len(wanted)], wanted))


def test_augmented_speech_keeps_its_size_and_changes_pitch(shards: Path):
    corpus = Corpus(shards, CPU)
    speeds = set()
    for seed in range(12):
        found = crop(corpus, seed, augment=True)
        assert found.wave.shape == (6, 48 * 160) and found.f0.shape == (6, 48)
        assert found.wave.abs().max() < 2
        voiced = found.f0[found.f0 > 0]
        speeds.add(round(float(voiced.max() - voiced.min()), 3))
    assert len(speeds) > 6


def test_a_change_of_speed_moves_wave_and_pitch_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from sottovoce.models.training import data

    (name,) = tiny.speakers(1, 0)
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(48000) / 16000)
    write(tmp_path / "in" / name / "a.wav", tone)
    prepare(tmp_path / "in", tmp_path / "out")
    corpus = Corpus(tmp_path / "out", CPU)
    for speed in (0.88, 1.12):
        monkeypatch.setattr(data, "SPEEDS", (speed,) * 7)
        found = corpus.crop(torch.Generator().manual_seed(0), 2, 100, 60, False, True)
        spectrum = torch.fft.rfft(found.wave[0]).abs()
        assert spectrum.argmax() == pytest.approx(200 * speed, abs=1)
        slow = corpus._wave(torch.tensor([20]), round(100 * speed), 100)
        assert slow.square().mean().sqrt() == pytest.approx(10 ** (TARGET_DB / 20), rel=0.02)
        assert found.f0[found.f0 > 0].median() == pytest.approx(200 * speed, rel=0.02)


def test_less_speech_than_a_crop_needs(shards: Path):
    with pytest.raises(TrainingError, match="less speech"):
        crop(Corpus(shards, CPU, "dev"), frames=2000)


def test_fundamental_is_in_step():
    """A voice that glides by 1 Hz a frame: its F0 is that of the frames' centres, 160 i + 80."""
    at = np.arange(16000) / 16000
    f0 = fundamental(np.diff(np.floor(100 * at + 50 * at**2), prepend=0.0))
    assert f0.shape == (100,) and f0.dtype == np.float16
    truth = 100 + (160 * np.arange(100) + 80) / 160
    assert np.median(f0[10:90] - truth[10:90]) == pytest.approx(0, abs=0.25)
