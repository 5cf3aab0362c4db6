"""Forced alignment: the best path of CTC, its spans, and the table of the command."""

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.forced_alignment import align, best_path, phones_of, read_dictionary
from sottovoce.models.phones.labels import BLANK, CLASSES, PHONE_IDS

SAID = [("SIL", 0, 20), ("HH", 20, 40), ("AH", 40, 60), ("SIL", 60, 100), ("L", 100, 110), ("L", 110, 130)]


def network(spans):
    """A recogniser that is sure of the middle of each phone, in steps of 20 ms."""

    def scores(wave):
        logits = np.zeros((-(-len(wave) // 320), CLASSES), np.float32)
        logits[:, BLANK] = 5.0
        for name, first, end in spans:
            if name != "SIL":
                logits[(first + end) // 4, PHONE_IDS[name]] = 10.0
        return logits

    return scores


def spoken(spans, frames=140):
    """Noise that is soft where nobody speaks."""
    loud = np.full(frames, 1e-4)
    for name, first, end in spans:
        loud[first:end] = 1e-4 if name == "SIL" else 0.1
    noise = np.random.default_rng(0).normal(0, 1, frames * 160)
    return (noise * np.repeat(loud, 160)).astype(np.float32)


def test_phones_are_found_and_long_soft_blanks_are_silence():
    found = align(spoken(SAID), ["HH", "AH", "L", "L"], network(SAID))
    assert [name for name, _, _ in found] == ["SIL", "HH", "AH", "SIL", "L", "L", "SIL"]
    assert found[0][1] == 0 and found[-1][2] == 140
    assert all(one[2] == other[1] for one, other in pairwise(found))
    middles = {name: (first + end) / 2 for name, first, end in found[1:3]}
    assert abs(middles["HH"] - 30) <= 10 and abs(middles["AH"] - 50) <= 10


def test_equal_phones_need_a_blank_between_them():
    scores = np.full((3, CLASSES), -10.0, np.float32)
    scores[:, 3] = 0.0
    assert list(best_path(scores, [3, 3])) == [1, 2, 3]
    with pytest.raises(ValueError, match="2 phones don't fit into 2 steps"):
        best_path(scores[:2], [3, 3])


def test_best_path_is_the_best_of_all():
    """Against all paths of a small problem."""
    random = np.random.default_rng(1)
    phones = [1, 2]
    labels = [BLANK, 1, BLANK, 2, BLANK]
    scores = random.normal(0, 1, (6, CLASSES)).astype(np.float32)

    def valid(path):
        steps = [b - a for a, b in pairwise(path)]
        skips = all(step < 2 or labels[b] != BLANK for step, b in zip(steps, path[1:], strict=True))
        return path[0] < 2 and path[-1] > 2 and all(0 <= step <= 2 for step in steps) and skips

    def total(path):
        return sum(scores[step, labels[state]] for step, state in enumerate(path))

    best = max(filter(valid, product(range(5), repeat=6)), key=total)
    assert total(list(best_path(scores, phones))) == pytest.approx(total(best))


def test_dictionary(tmp_path: Path):
    path = tmp_path / "dict"
    path.write_text(";;; comment\nHELLO  HH AH0 L OW1\nHELLO(2)  HH EH0 L OW1\nit's IH1 T S # note\n")
    words = read_dictionary(str(path))
    assert phones_of("Hello, it’s!", words) == ["HH", "AH", "L", "OW", "IH", "T", "S"]
    with pytest.raises(SottoError, match="'WORLD' is not in the dictionary"):
        phones_of("hello world", words)


def test_command(in_folder, capfd):
    from sottovoce.cli.app import run

    sample = Path(__file__).parents[3] / "samples" / "slt-16k-mono.wav"
    Path("talk.wav").write_bytes(sample.read_bytes())
    Path("table.csv").write_text("path,phones\ntalk.wav,HH AH0 L OW1\nnone.wav,HH\ntalk.wav,XX\n")
    assert run(["align", "table.csv"]) == 1
    err = capfd.readouterr().err
    assert "none.wav: no such file" in err and "XX is not an English phone" in err
    header, line = Path("alignments.csv").read_text().splitlines()
    assert (header, line.split(",")[0]) == ("path,phones", "talk.wav")
    assert [part.split(":")[0] for part in line.split(",")[1].split()].count("OW") == 1
    assert run(["align", "table.csv"]) == 2
    assert "exists already" in capfd.readouterr().err
