"""When each phone of a recording is said, where it is known which ones: forced alignment by CTC.

The best path of connectionist temporal classification (Graves et al. 2006, ICML, section 4) through the outputs of the
bundled phone recogniser, for a given sequence of phones. A CTC network marks a phone with a few frames and is blank
between phones; the blank between two is shared by them, or is silence where it is long and soft.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.phones import STRIDE, PhoneRecogniser, recogniser
from sottovoce.models.features import HOP
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.phones.labels import BLANK, PHONE_IDS, SILENCE

PAUSE_FRAMES = 15
"""Frames of 10 ms from which a blank between phones may be a pause."""
PAUSE_DB = 25.0
"""Decibels below the level of speech at which such a blank is a pause."""


def best_path(scores: NDArray[np.floating], phones: Sequence[int]) -> NDArray[np.int64]:
    """Return the state of each step on the best path.

    Parameters
    ----------
    scores : ndarray of float [shape=(steps, classes)]
        Log-probabilities.
    phones : sequence of int
        Numbers of the phones.

    Returns
    -------
    ndarray of int64 [shape=(steps,)]
        2 i + 1 for phone i, and even numbers for the blanks around them.

    Raises
    ------
    ValueError
        When there are fewer steps than the phones need.
    """
    labels = np.full(2 * len(phones) + 1, BLANK)
    labels[1::2] = phones
    repeated = np.zeros(len(labels), bool)
    repeated[2:] = labels[2:] == labels[:-2]
    skipped = np.where((labels == BLANK) | repeated, -np.inf, 0.0)  # a blank must separate equal phones
    total = np.full(len(labels), -np.inf)
    total[:2] = scores[0, labels[:2]]
    origins = np.zeros((len(scores), len(labels)), np.int64)
    for step in range(1, len(scores)):
        before = np.stack((total, np.r_[-np.inf, total[:-1]], np.r_[-np.inf, -np.inf, total[:-2]] + skipped))
        origins[step] = before.argmax(0)
        total = before.max(0) + scores[step, labels]
    state = len(labels) - (1 if total[-1] >= total[-2] else 2)
    if not np.isfinite(total[state]):
        raise ValueError(f"{len(phones)} phones don't fit into {len(scores)} steps")
    path = np.zeros(len(scores), np.int64)
    for step in range(len(scores) - 1, -1, -1):
        path[step] = state
        state -= origins[step, state]
    return path


def align(
    wave: NDArray[np.float32], phones: Sequence[str], network: PhoneRecogniser | None = None
) -> list[tuple[str, int, int]]:
    """Return when phones are said.

    Parameters
    ----------
    wave : ndarray of float32 [shape=(n,)]
        16 kHz, of any level.
    phones : sequence of str
        ARPAbet without stress.
    network : PhoneRecogniser, optional
        By default the bundled one.

    Returns
    -------
    list of (str, int, int)
        Phone or SIL, first frame of 10 ms, and the frame after the last.

    Raises
    ------
    ValueError
        When the phones don't fit into the recording.
    """
    levelled = wave * np.float32(gain_to_target(active_level(wave)))
    logits = (network or recogniser())(levelled).astype(np.float64)
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    path = best_path(scores, [PHONE_IDS[name] for name in phones])
    frames = -(-len(wave) // HOP)
    power = np.square(np.pad(levelled, (0, frames * HOP - len(wave))).reshape(frames, HOP)).mean(1) + 1e-12
    return _spans(path, phones, 10 * np.log10(power))


def _spans(path: NDArray[np.int64], phones: Sequence[str], levels: NDArray[np.float64]) -> list[tuple[str, int, int]]:
    """Return the spans of phones: blanks at the ends are silence, and long soft ones are; others are shared."""
    said = [np.flatnonzero(path == 2 * i + 1) * STRIDE for i in range(len(phones))]
    starts = [int(steps[0]) for steps in said]
    ends = [int(steps[-1]) + STRIDE for steps in said]
    quiet = float(np.quantile(levels, 0.95)) - PAUSE_DB
    found: list[tuple[str, int, int]] = []
    if starts[0]:
        found.append((SILENCE, 0, starts[0]))
    for i, name in enumerate(phones):
        start = found[-1][2] if found else 0
        following = starts[i + 1] if i + 1 < len(phones) else len(levels)
        end = min(ends[i], len(levels))
        pause = following > end and (i + 1 == len(phones) or following - end >= PAUSE_FRAMES)
        if pause and (i + 1 == len(phones) or levels[end:following].mean() < quiet):
            found += [(name, start, end), (SILENCE, end, following)]
        else:
            found.append((name, start, max(start + 1, (end + following) // 2)))
    return [span for span in found if span[2] > span[1]]


def read_dictionary(path: str) -> dict[str, list[str]]:
    """Return the first pronunciation of each word in a dictionary with lines "WORD PHONE PHONE ...", stress dropped.

    This is the form of the CMU Pronouncing Dictionary. Lines that begin with ";;;" and further pronunciations of a
    word, "WORD(2)", are left out.
    """
    found: dict[str, list[str]] = {}
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split("#")[0].split()
        if words and not line.startswith(";;;") and "(" not in words[0]:
            found.setdefault(words[0].upper(), [phone.rstrip("012") for phone in words[1:]])
    return found


def phones_of(text: str, dictionary: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the phones of a sentence.

    Raises
    ------
    SottoError
        When a word is not in the dictionary.
    """
    found: list[str] = []
    for word in text.upper().replace("’", "'").split():
        plain = word.strip('.,;:!?"()[]-–—…')
        if plain and plain not in dictionary:
            raise SottoError(f"the word {plain!r} is not in the dictionary", "add it there")
        found += dictionary.get(plain, ())
    return found
