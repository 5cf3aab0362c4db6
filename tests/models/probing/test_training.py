"""Probes of whole models on speech whose phones and speakers are easy to hear."""

from pathlib import Path

import pytest
import torch
from helpers import talkers

from sottovoce.models.probing import network
from sottovoce.models.probing.labels import read_recordings
from sottovoce.models.probing.train import TASKS, accuracies, probe, read_classes_of, steps_of


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "STEPS", 80)


def test_what_can_be_heard_is_found_and_what_is_cut_off_is_not(talking: Path):
    hearing, deaf = talkers.model(kind="ae", size=16), talkers.model(kind="ae", size=16)
    torch.nn.init.zeros_(deaf.encoder.layers[-1].weight)
    said: list[str] = []
    report = probe({"hearing": hearing, "deaf": deaf}, talking, said.append)
    assert said[1:] == ["probing hearing", "probing deaf"]
    assert report["trained_on"] == {"recordings": 16, "speakers": 4}
    assert report["tested_on"] == {"recordings": 8, "speakers": 2}
    heard, cut = report["models"]
    assert heard["bits_per_second"] == 16 * 32 * 50 and heard["bottleneck"] == "AE"
    chance = heard["chance"]
    assert set(chance) == set(TASKS)
    for point in ("p_enc", "p_proj", "p_bn", "p_cond"):
        found = heard["accuracy"][point]
        assert found["phone"] > 70 > chance["phone"] + 20, point
        assert found["gender"] > 75, point
        assert found["speaker"] > chance["speaker"] + 15, point
    assert cut["accuracy"]["p_enc"]["phone"] > 70
    for point in ("p_proj", "p_bn", "p_cond"):
        for task in ("phone", "gender"):
            assert cut["accuracy"][point][task] < chance[task] + 8, (point, task)


def test_the_model_learns_nothing_from_its_probes(talking: Path):
    model = talkers.model(kind="vae", size=4)
    before = {name: value.clone() for name, value in model.named_parameters()}
    report = probe({"model": model}, talking, lambda text: None, count=12)
    assert all(torch.equal(before[name], value) and value.grad is None for name, value in model.named_parameters())
    assert "p_draw" in report["models"][0]["accuracy"]
    assert report == probe({"model": model}, talking, lambda text: None, count=12)


def test_speakers_are_tested_on_recordings_that_were_not_trained_on(talking: Path):
    recordings = read_recordings(talking, "train")
    model, speakers = talkers.model(kind="vq", size=4, codes=8), sorted({one.speaker for one in recordings})
    steps = steps_of(model, recordings, read_classes_of(recordings), speakers)
    assert set(steps.labels) == {"phone", "gender", "speaker"}
    tested = [
        steps.select("p_bn", "speaker", mask)[1].unique().tolist()
        for mask in (steps.in_speaker_test, ~steps.in_speaker_test)
    ]
    assert tested == [[0, 1, 2, 3]] * 2
    ends = steps.in_speaker_test.int().diff().nonzero().numel()
    assert ends == 2 * 4  # of four recordings of each speaker it is the third
    assert steps.bits == 3 * len(steps.in_speaker_test)


def test_too_little_speech(talking: Path):
    recordings = read_recordings(talking, "train")[:2]
    model = talkers.model(kind="vq", size=4, codes=8)
    steps = steps_of(model, recordings, read_classes_of(recordings), [recordings[0].speaker])
    with pytest.raises(ValueError, match="known speaker"):
        accuracies(steps, steps, 1)


def test_a_recording_that_is_none(tmp_path: Path):
    folder = talkers.write_speech(tmp_path, train=1, valid=1)
    (folder / "valid/0/1.wav").write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"1\.wav"):
        read_classes_of(read_recordings(folder, "valid"))
