"""Stretches of whole phones, and what is done to them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from sottovoce.models.phones.augment import degrade, spec_augment_masks
from sottovoce.models.phones.data import PhoneCorpus
from sottovoce.models.phones.labels import PHONE_IDS, PHONES, parse_alignment
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import held_out

CPU = torch.device("cpu")


@pytest.fixture
def stairs(tmp_path: Path) -> Path:
    """Shards whose samples are the number of the phone there, and -1 in silence."""
    random = np.random.default_rng(0)
    waves, utterances, start = [], [], 0
    for i in range(12):
        frame, parts, wave = 0, [], np.full(160 * 400, -1, np.int16)
        while frame < 380:
            name = "SIL" if random.random() < 0.2 else PHONES[random.integers(39)]
            end = frame + int(random.integers(4, 15))
            wave[160 * frame : 160 * end] = PHONE_IDS.get(name, -1)
            parts.append(f"{name}:{frame}:{end}")
            frame = end
        entry = {"speaker": f"s{i // 3}", "start": start, "samples": len(wave), "phones": " ".join(parts)}
        if i == 4:
            del entry["phones"]
        waves.append(wave)
        utterances.append(entry)
        start += len(wave)
    save_file({"wave": np.concatenate(waves)}, tmp_path / "shard-000.safetensors")
    (tmp_path / "index.json").write_text(json.dumps({"shards": 1, "utterances": utterances}))
    return tmp_path


def steps(wave: torch.Tensor) -> list[int]:
    """What phones such samples say, repetitions as one."""
    values = torch.round(wave * 32768).int().tolist()
    return [v for i, v in enumerate(values) if v >= 0 and (i == 0 or values[i - 1] != v)]


def merged(phones: list[int]) -> list[int]:
    return [p for i, p in enumerate(phones) if i == 0 or phones[i - 1] != p]


def test_stretches_hold_the_phones_they_say(stairs: Path):
    corpus = PhoneCorpus(stairs, CPU)
    generator = torch.Generator().manual_seed(0)
    found = corpus.sample_segments(generator, 64, 100, 8)
    assert found.wave.shape == (64, 16000) and found.phones.shape == (64, 8)
    assert (found.samples <= 16000).all() and (found.count <= 8).all() and (found.count == 8).any()
    for wave, samples, phones, count in zip(found.wave, found.samples, found.phones, found.count, strict=True):
        assert not wave[samples:].any()
        # equal neighbours cannot be told apart by their samples, but for a silence between them
        assert merged(steps(wave[:samples])) == merged(phones[:count].tolist())


def test_speed_changes_how_much_fits(stairs: Path):
    corpus = PhoneCorpus(stairs, CPU)
    slow, fast = (
        corpus.sample_segments(torch.Generator().manual_seed(0), 64, 100, 64, torch.full((64,), speed))
        for speed in (0.8, 1.25)
    )
    assert fast.count.sum() > 1.3 * slow.count.sum()
    assert (fast.samples <= 16000).all() and (slow.samples <= 16000).all()


def test_speed_moves_tones(babbling: Path):
    corpus = PhoneCorpus(babbling, CPU)
    tone = torch.round(0.3 * 32768 * torch.sin(2 * np.pi * 1000 * torch.arange(len(corpus.wave)) / 16000)).short()
    corpus.wave = tone
    for speed in (0.85, 1.0, 1.18):
        wave = corpus._resampled(torch.tensor([5]), torch.tensor([speed]), 16000, torch.tensor([16000]))[0]
        spectrum = torch.fft.rfft(wave * torch.hann_window(16000)).abs().square()
        assert spectrum.argmax() == pytest.approx(1000 * speed, abs=1)
        strange = spectrum.sum() - spectrum[int(1000 * speed) - 5 : int(1000 * speed) + 6].sum()
        assert strange < 1e-5 * spectrum.sum()


def test_utterances_are_whole_and_once(stairs: Path):
    index = json.loads((stairs / "index.json").read_text())
    held = held_out(u["speaker"] for u in index["utterances"])
    whole = load_file(stairs / "shard-000.safetensors")["wave"]
    for split in ("train", "dev"):
        expected = set()
        for u in index["utterances"]:
            if (u["speaker"] in held) == (split == "dev") and "phones" in u:
                said = tuple(PHONE_IDS[n] for n, _, _ in parse_alignment(u["phones"]) if n != "SIL")
                expected.add((said, whole[u["start"] :][: u["samples"]].tobytes()))
        found = set()
        for part in PhoneCorpus(stairs, CPU, split).utterances(3):
            for wave, samples, phones, count in zip(part.wave, part.samples, part.phones, part.count, strict=True):
                heard = torch.round(wave[:samples] * 32768).short().numpy().tobytes()
                found.add((tuple(phones[:count].tolist()), heard))
        assert found == expected


def test_shards_without_phones(shards: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"alignments\.csv"):
        PhoneCorpus(shards, CPU)
    with pytest.raises(FileNotFoundError, match="sotto prepare"):
        PhoneCorpus(tmp_path / "none", CPU)


def test_degraded_speech_is_still_that_speech(babbling: Path):
    found = PhoneCorpus(babbling, CPU).sample_segments(torch.Generator().manual_seed(0), 64, 100, 64)
    worse = degrade(found.wave, torch.Generator().manual_seed(1))
    assert worse.shape == found.wave.shape and worse.isfinite().all()
    assert torch.equal(worse, degrade(found.wave, torch.Generator().manual_seed(1)))
    voice_profile = torch.nn.functional.cosine_similarity(found.wave, worse)
    assert voice_profile.median() > 0.9 and voice_profile.min() < 0.9 and voice_profile.min() > 0.1


def test_masks_hide_a_little():
    bands, times = spec_augment_masks(200, 400, torch.Generator().manual_seed(0))
    assert bands.shape == (200, 1, 80) and times.shape == (200, 400, 1)
    assert 0.7 < bands.mean() < 0.95 and 0.85 < times.mean() < 0.98
    assert bands.mean((1, 2)).min() > 0.6
