"""Probes of some models: what they are trained on and tested on, and how right they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor

from sottovoce.models.bottleneck import AE, VAE
from sottovoce.models.families.classes import read_classes
from sottovoce.models.families.latent import LatentWaveNet
from sottovoce.models.probing.labels import (
    GENDERS,
    PHONE_CLASSES,
    UNKNOWN,
    LabelledRecording,
    phone_labels,
    read_recordings,
    some,
    spoken_labels,
)
from sottovoce.models.probing.network import accuracy, chance, fit
from sottovoce.models.probing.points import points

TRAINED_ON = 1500  # recordings
HELD_OUT = 3  # of a speaker's recordings every third tests the speaker probe
TASKS = ("phone", "gender", "gender_adults", "speaker")


@dataclass
class Steps:
    """The latent steps of some recordings, one after the other.

    Attributes
    ----------
    vectors : of each point, (n, D)
    labels : of phone, gender and speaker, (n,), UNKNOWN where they are not known
    adult, held : (n,) bool, whether the speaker is no child, and whether the recording is one that tests speakers
    bits : of the latents of all steps
    """

    vectors: dict[str, Tensor]
    labels: dict[str, Tensor]
    adult: Tensor
    held: Tensor
    bits: float

    def chosen(self, point: str, task: str, where: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Vectors (m, D) and known labels (m,), of all steps or those that a mask (n,) says.

        Raises
        ------
        ValueError
            Where there are none.
        """
        rows = self.labels[task] != UNKNOWN
        if where is not None:
            rows = rows & where
        if not rows.any():
            raise ValueError(f"too little speech of known {task} to train and test a probe on")
        return self.vectors[point][rows], self.labels[task][rows]


def read(recordings: list[LabelledRecording]) -> list[Tensor]:
    """Mu-law classes (T,) of recordings, one byte each.

    Raises
    ------
    ValueError
        Where one cannot be read.
    """
    waves = []
    for recording in recordings:
        try:
            waves.append(torch.from_numpy(read_classes(recording.path)))
        except (soundfile.SoundFileError, OSError) as error:
            raise ValueError(f"{recording.path}: cannot be read ({error})") from error
    return waves


def steps_of(
    model: LatentWaveNet, recordings: list[LabelledRecording], waves: list[Tensor], speakers: list[str]
) -> Steps:
    """What a model makes of recordings, and what is known of them; `speakers` are those that have a number."""
    generator = torch.Generator().manual_seed(0)
    vectors: dict[str, list[Tensor]] = {}
    columns: dict[str, list[np.ndarray]] = {}
    turns: dict[str, int] = {}
    total = 0.0
    for recording, wave in zip(recordings, waves, strict=True):
        found, bits = points(model, wave.long(), generator)
        for name, value in found.items():
            vectors.setdefault(name, []).append(value)
        total += bits
        steps = len(found["p_enc"])
        phones = phone_labels(recording, steps, model.encoder.step)
        turns[recording.speaker] = turn = turns.get(recording.speaker, -1) + 1
        gender = GENDERS.index(recording.gender) if recording.gender in GENDERS else UNKNOWN
        speaker = speakers.index(recording.speaker) if recording.speaker in speakers else UNKNOWN
        known = {
            "phone": phones,
            "gender": spoken_labels(recording, gender, phones),
            "speaker": spoken_labels(recording, speaker, phones),
            "adult": np.full(steps, recording.adult),
            "held": np.full(steps, turn % HELD_OUT == HELD_OUT - 1),
        }
        for name, column in known.items():
            columns.setdefault(name, []).append(column)
    labels = {name: torch.from_numpy(np.concatenate(column)) for name, column in columns.items()}
    return Steps({k: torch.cat(v) for k, v in vectors.items()}, labels, labels.pop("adult"), labels.pop("held"), total)


def accuracies(train: Steps, test: Steps, speakers: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Accuracies of each point's probes and of guessing, in percent; of unheard speakers, but for `speaker`."""
    classes = {"phone": len(PHONE_CLASSES), "gender": len(GENDERS), "speaker": speakers}
    found: dict[str, dict[str, float]] = {}
    guessed: dict[str, float] = {}
    for point in train.vectors:
        found[point] = {}
        for task, count in classes.items():
            within = task == "speaker"
            vectors, labels = train.chosen(point, task, ~train.held if within else None)
            probe = fit(vectors, labels, count)
            tests = {task: train.chosen(point, task, train.held) if within else test.chosen(point, task)}
            if task == "gender":
                tests["gender_adults"] = test.chosen(point, task, test.adult)
            for name, (unheard, truth) in tests.items():
                found[point][name] = accuracy(probe, unheard, truth)
                guessed[name] = chance(labels, truth)
    return found, guessed


def probe(
    families: dict[str, LatentWaveNet], speech: Path, say: Callable[[str], None], count: int = TRAINED_ON
) -> dict[str, Any]:
    """What the latents of some models hold.

    Probes of phone and gender learn from `count` recordings of `train.csv` and are tested on all of `valid.csv`, whose
    speakers are others; probes of the speaker learn from two thirds of the former and are tested on the rest.

    Parameters
    ----------
    families : the models by their names
    speech : a folder as labels.read_recordings reads it
    say : told what is being done
    """
    chosen, unheard = some(read_recordings(speech, "train"), count), read_recordings(speech, "valid")
    say(f"reading {len(chosen)} recordings to train on and {len(unheard)} to test on")
    waves, unheard_waves = read(chosen), read(unheard)
    speakers = sorted({recording.speaker for recording in chosen} - {""})
    models = []
    for name, family in families.items():
        say(f"probing {name}")
        train, test = steps_of(family, chosen, waves, speakers), steps_of(family, unheard, unheard_waves, [])
        found, guessed = accuracies(train, test, len(speakers))
        models.append(
            {
                "name": name,
                "bottleneck": bottleneck(family),
                "bits_per_second": test.bits / len(test.adult) * family.latent_rate,
                "accuracy": found,
                "chance": guessed,
            }
        )
    return {
        "trained_on": {"recordings": len(chosen), "speakers": len(speakers)},
        "tested_on": {"recordings": len(unheard), "speakers": len({recording.speaker for recording in unheard})},
        "models": models,
    }


def bottleneck(family: LatentWaveNet) -> str:
    """AE, VAE or VQ."""
    return "AE" if isinstance(family.bottleneck, AE) else "VAE" if isinstance(family.bottleneck, VAE) else "VQ"
