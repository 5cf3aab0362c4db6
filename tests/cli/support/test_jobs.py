import os
from pathlib import Path

import pytest

from sottovoce.cli.support.jobs import plan
from sottovoce.codec import SottoError
from sottovoce.codec.io.audio import SOUND


@pytest.fixture
def tree(in_folder):
    for name in (
        "talks/a.wav",
        "talks/b.FLAC",
        "talks/notes.txt",
        "talks/.hidden.wav",
        "talks/deep/c.ogg",
        "one.mp3",
        "empty/x",
    ):
        path = in_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return in_folder


def goals(*inputs, output=None, recursive=False, note=lambda line: None):
    jobs = plan(inputs, output, wanted=SOUND, suffix=".sotto", recursive=recursive, note=note)
    return {job.source: job.goal for job in jobs}


def test_beside(tree):
    assert goals("one.mp3") == {"one.mp3": "one.sotto"}
    assert goals("talks", recursive=True) == {
        "talks/a.wav": "talks/a.sotto",
        "talks/b.FLAC": "talks/b.sotto",
        "talks/deep/c.ogg": "talks/deep/c.sotto",
    }


def test_to_a_file_or_a_folder(tree):
    assert goals("one.mp3", output="x.bin") == {"one.mp3": "x.bin"}
    assert goals("one.mp3", output="talks") == {"one.mp3": "talks/one.sotto"}
    assert goals("one.mp3", output="new/") == {"one.mp3": "new/one.sotto"}
    assert goals("one.mp3", "talks/a.wav", output="new").popitem() == ("talks/a.wav", "new/a.sotto")


def test_the_tree_is_kept(tree):
    assert goals("talks", output="out", recursive=True)["talks/deep/c.ogg"] == "out/deep/c.sotto"
    assert goals("talks/", "one.mp3", output="out", recursive=True) == {
        "talks/a.wav": "out/talks/a.sotto",
        "talks/b.FLAC": "out/talks/b.sotto",
        "talks/deep/c.ogg": "out/talks/deep/c.sotto",
        "one.mp3": "out/one.sotto",
    }


def test_folders_below_are_noted(tree):
    notes = []
    assert list(goals("talks", note=notes.append)) == ["talks/a.wav", "talks/b.FLAC"]
    assert len(notes) == 1


def test_standard_streams(tree):
    assert goals("-") == {"-": "-"}
    assert goals("-", output="x") == {"-": "x"}
    assert goals("-", output="talks") == {"-": "talks/stdin.sotto"}
    assert goals("one.mp3", output="-") == {"one.mp3": "-"}


@pytest.mark.parametrize(
    ("inputs", "output", "reason"),
    [
        (["talks"], "-", "single input"),
        (["one.mp3", "talks/a.wav"], "-", "single input"),
        (["-", "one.mp3"], "out", "give it alone"),
        (["one.mp3", "-"], None, "give it alone"),
        (["-", "-"], "out", "give it alone"),
        (["talks"], "one.mp3", "is a file"),
        (["empty"], None, "no such files"),
        (["one.mp3"], "one.mp3", "would be overwritten"),
        (["one.mp3", "one.mp3"], None, "same output"),
        (["talks/a.wav", "talks/deep/a.wav"], "out", "same output"),
    ],
)
def test_what_does_not_go_together(tree, inputs, output, reason):
    with pytest.raises(SottoError, match=reason):
        goals(*inputs, output=output)


def test_only_folders_in_it(tree):
    os.mkdir("above")
    Path("talks").rename("above/talks")
    with pytest.raises(SottoError, match="add -r"):
        goals("above")
