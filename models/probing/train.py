"""Training and test of probes: their data, and their accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sottovoce.models.bottleneck import AE, VAE
from sottovoce.models.errors import SottoError
from sottovoce.models.families.classes import read_classes
from sottovoce.models.families.latent import LatentWaveNet
from sottovoce.models.probing.labels import (
    GENDERS,
    PHONE_CLASSES,
    UNKNOWN,
    LabelledRecording,
    phone_labels,
    read_recordings,
    select_recordings,
    speaker_labels,
)
from sottovoce.models.probing.network import accuracy, chance, fit
from sottovoce.models.probing.points import points

TRAINED_ON = 1500  # number of training recordings
HELD_OUT = 3  # every third recording of a speaker tests the speaker probe
TASKS = ("phone", "gender", "gender_adults", "speaker")


@dataclass
class LatentSteps:
    """The latent steps of some recordings, concatenated.

    Attributes
    ----------
    vectors : dict of Tensor [shape=(n, D)]
        Latent vectors of each probing point.
    labels : dict of Tensor of int64 [shape=(n,)]
        Labels of phone, gender and speaker, or UNKNOWN.
    adult, in_speaker_test : Tensor of bool [shape=(n,)]
        Whether the speaker is an adult; whether the recording is held out from the training of the speaker probe.
    bits : float
        Rate of all steps together.
    """

    vectors: dict[str, Tensor]
    labels: dict[str, Tensor]
    adult: Tensor
    in_speaker_test: Tensor
    bits: float

    def select(self, point: str, task: str, where: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Vectors (m, D) and labels (m,) of the labelled steps, optionally restricted to a mask (n,).

        Raises
        ------
        ValueError
            If there are none.
        """
        rows = self.labels[task] != UNKNOWN
        if where is not None:
            rows = rows & where
        if not rows.any():
            raise ValueError(f"too little speech with known {task} to train and test a probe; label more recordings")
        return self.vectors[point][rows], self.labels[task][rows]


def read_classes_of(recordings: list[LabelledRecording]) -> list[Tensor]:
    """Read recordings as mu-law classes (T,), uint8.

    Raises
    ------
    ValueError
        If a recording cannot be read.
    """
    waves = []
    for recording in recordings:
        try:
            waves.append(torch.from_numpy(read_classes(recording.path)))
        except (SottoError, OSError) as error:
            raise ValueError(f"{recording.path}: cannot be read ({error})") from error
    return waves


def steps_of(
    model: LatentWaveNet,
    recordings: list[LabelledRecording],
    waves: list[Tensor],
    speakers: list[str],
    advance: Callable[[int], None] = lambda done: None,
) -> LatentSteps:
    """Latent steps of recordings with their labels; the label of a speaker is its index in `speakers`.

    `advance` receives how many recordings are done.
    """
    generator = torch.Generator().manual_seed(0)
    vectors: dict[str, list[Tensor]] = {}
    columns: dict[str, list[np.ndarray]] = {}
    counts: dict[str, int] = {}
    total = 0.0
    for done, (recording, wave) in enumerate(zip(recordings, waves, strict=True), 1):
        advance(done)
        found, bits = points(model, wave.long(), generator)
        for name, value in found.items():
            vectors.setdefault(name, []).append(value)
        total += bits
        steps = len(found["p_enc"])
        phones = phone_labels(recording, steps, model.encoder.step)
        counts[recording.speaker] = index = counts.get(recording.speaker, -1) + 1
        gender = GENDERS.index(recording.gender) if recording.gender in GENDERS else UNKNOWN
        speaker = speakers.index(recording.speaker) if recording.speaker in speakers else UNKNOWN
        known = {
            "phone": phones,
            "gender": speaker_labels(recording, gender, phones),
            "speaker": speaker_labels(recording, speaker, phones),
            "adult": np.full(steps, recording.adult),
            "in_speaker_test": np.full(steps, index % HELD_OUT == HELD_OUT - 1),
        }
        for name, column in known.items():
            columns.setdefault(name, []).append(column)
    labels = {name: torch.from_numpy(np.concatenate(column)) for name, column in columns.items()}
    return LatentSteps(
        {k: torch.cat(v) for k, v in vectors.items()}, labels, labels.pop("adult"), labels.pop("in_speaker_test"), total
    )


def accuracies(
    train: LatentSteps, test: LatentSteps, speakers: int
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Accuracies of the probes of each point, and chance level, in percent; on other speakers except for `speaker`."""
    classes = {"phone": len(PHONE_CLASSES), "gender": len(GENDERS), "speaker": speakers}
    found: dict[str, dict[str, float]] = {}
    guessed: dict[str, float] = {}
    for point in train.vectors:
        found[point] = {}
        for task, count in classes.items():
            within = task == "speaker"
            vectors, labels = train.select(point, task, ~train.in_speaker_test if within else None)
            probe = fit(vectors, labels, count)
            tests = {task: train.select(point, task, train.in_speaker_test) if within else test.select(point, task)}
            if task == "gender":
                tests["gender_adults"] = test.select(point, task, test.adult)
            for name, (vectors, truth) in tests.items():
                found[point][name] = accuracy(probe, vectors, truth)
                guessed[name] = chance(labels, truth)
    return found, guessed


def probe(
    families: dict[str, LatentWaveNet],
    speech: Path,
    notify: Callable[[str], None],
    count: int = TRAINED_ON,
    advance: Callable[[float, float | None], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Train and test probes on the latents of some models.

    The probes of phone and gender are trained on `count` recordings of `train.csv` and tested on all of `valid.csv`,
    which has other speakers. The speaker probe is trained on two thirds of the former and tested on the rest.

    Parameters
    ----------
    families : dict of LatentWaveNet
        The models by name.
    speech : Path
        A folder as described in labels.read_recordings.
    notify : callable
        Receives progress messages.
    count : int
        Number of training recordings.
    advance : callable
        Receives how many recordings were encoded, by all models, and how many there are.

    Returns
    -------
    dict
        Report, ready for JSON.
    """
    chosen, tested = select_recordings(read_recordings(speech, "train"), count), read_recordings(speech, "valid")
    notify(f"reading {len(chosen)} recordings to train on and {len(tested)} to test on")
    waves, test_waves = read_classes_of(chosen), read_classes_of(tested)
    speakers = sorted({recording.speaker for recording in chosen} - {""})
    models: list[dict[str, Any]] = []
    each = len(chosen) + len(tested)
    total = each * len(families)
    for name, family in families.items():
        notify(f"probing {name}")
        before = len(models) * each

        def report(done: int, before: int = before) -> None:
            advance(before + done, total)

        train = steps_of(family, chosen, waves, speakers, report)
        test = steps_of(family, tested, test_waves, [], lambda done: report(len(chosen) + done))
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
        "tested_on": {"recordings": len(tested), "speakers": len({recording.speaker for recording in tested})},
        "models": models,
    }


def bottleneck(family: LatentWaveNet) -> str:
    """Kind of bottleneck: "AE", "VAE" or "VQ"."""
    return "AE" if isinstance(family.bottleneck, AE) else "VAE" if isinstance(family.bottleneck, VAE) else "VQ"
