import os
from pathlib import Path

import pytest

from sottovoce.cli.support.conversion import DECODE, ENCODE
from sottovoce.cli.support.jobs import plan
from sottovoce.codec import SottoError


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


def targets(*inputs, output=None, note=lambda line: None, conversion=ENCODE, **how):
    found = plan(inputs, output, conversion, note=note, **how)
    return {job.source: job.target for job in found.jobs}


def test_beside(tree):
    assert targets("one.mp3") == {"one.mp3": "one.sotto"}
    assert targets("talks", recursive=True) == {
        "talks/a.wav": "talks/a.sotto",
        "talks/b.FLAC": "talks/b.sotto",
        "talks/deep/c.ogg": "talks/deep/c.sotto",
    }


def test_to_a_file_or_a_folder(tree):
    assert targets("one.mp3", output="x.bin") == {"one.mp3": "x.bin"}
    assert targets("one.mp3", output="talks") == {"one.mp3": "talks/one.sotto"}
    assert targets("one.mp3", output="new/") == {"one.mp3": "new/one.sotto"}
    assert targets("one.mp3", "talks/a.wav", output="new").popitem() == ("talks/a.wav", "new/a.sotto")


def test_the_tree_is_kept(tree):
    assert targets("talks", output="out", recursive=True)["talks/deep/c.ogg"] == "out/deep/c.sotto"
    assert targets("talks/", "one.mp3", output="out", recursive=True) == {
        "talks/a.wav": "out/talks/a.sotto",
        "talks/b.FLAC": "out/talks/b.sotto",
        "talks/deep/c.ogg": "out/talks/deep/c.sotto",
        "one.mp3": "out/one.sotto",
    }


def test_folders_below_are_noted(tree):
    notes = []
    assert list(targets("talks", note=notes.append)) == ["talks/a.wav", "talks/b.FLAC"]
    assert len(notes) == 1


def test_standard_streams(tree):
    assert targets("-") == {"-": "-"}
    assert targets("-", output="x") == {"-": "x"}
    assert targets("-", output="talks") == {"-": "talks/stdin.sotto"}
    assert targets("one.mp3", output="-") == {"one.mp3": "-"}


@pytest.mark.parametrize(
    ("inputs", "output", "reason"),
    [
        (["talks"], "-", "single input"),
        (["one.mp3", "talks/a.wav"], "-", "single input"),
        (["-", "one.mp3"], "out", "give it alone"),
        (["one.mp3", "-"], None, "for standard output give -o -"),
        (["-", "-"], "out", "give it alone"),
        (["talks"], "one.mp3", "is a file"),
        (["empty"], None, "no such files"),
        (["one.mp3"], "one.mp3", "is the name of a recording"),
        (["one.mp3", "talks/a.wav"], "out.sotto", "is the name of a file"),
        (["one.mp3", "x.sotto"], None, "no such file; to name the output: sotto encode one.mp3 -o x.sotto"),
        (["x.sotto"], None, "is a .sotto file already; to decode it: sotto decode x.sotto"),
        (["one.mp3", "one.mp3"], None, "same output"),
        (["talks/a.wav", "talks/deep/a.wav"], "out", "same output"),
    ],
)
def test_what_does_not_go_together(tree, inputs, output, reason):
    with pytest.raises(SottoError, match=reason):
        targets(*inputs, output=output)


def test_only_folders_in_it(tree):
    os.mkdir("above")
    Path("talks").rename("above/talks")
    with pytest.raises(SottoError, match="add -r"):
        targets("above")


def test_decoding_names_and_formats(tree):
    for suffix in (".wav", ".flac", ".ogg", ".opus", ".mp3", ""):
        assert targets("x.sotto", output=f"x{suffix}", conversion=DECODE) == {"x.sotto": f"x{suffix}"}
    with pytest.raises(SottoError, match=r"x.m4a: .m4a files are not written; choose one of .wav "):
        targets("x.sotto", output="x.m4a", conversion=DECODE)
    with pytest.raises(SottoError, match=r"one.mp3: is a recording, not a .sotto file; to encode it: sotto encode one"):
        targets("one.mp3", conversion=DECODE)
    with pytest.raises(SottoError, match=r"exists already; to name the output: sotto decode x.sotto -o one.mp3"):
        targets("x.sotto", "one.mp3", conversion=DECODE)
    Path("odd.wav").write_bytes(b"\x89STO")
    assert targets("odd.wav", output="x.wav", conversion=DECODE) == {"odd.wav": "x.wav"}


def test_the_rest_is_done_when_two_have_the_same_output(tree):
    Path("talks/a.mp3").touch()
    found = plan(["talks"], None, ENCODE, note=lambda line: None)
    assert [job.source for job in found.jobs] == ["talks/b.FLAC"]
    ((names, error),) = found.refused
    assert names == ["talks/a.mp3", "talks/a.wav"]
    assert "talks/a.mp3: has the same output talks/a.sotto as talks/a.wav; " in str(error)


def test_one_of_many_is_of_the_other_kind(tree):
    Path("talks/a.sotto").touch()
    found = plan(["one.mp3", "talks/a.sotto", "talks/a.wav"], "out", ENCODE, note=lambda line: None)
    assert [job.source for job in found.jobs] == ["one.mp3", "talks/a.wav"]
    assert found.refused[0][0] == ["talks/a.sotto"]


def test_other_files_are_counted_by_suffix(tree):
    for name in ("x.mid", "y.MID", "old.sotto", "README"):
        Path("talks", name).touch()
    found = plan(["talks"], None, ENCODE, recursive=True, note=lambda line: None)
    assert found.ignored == {".mid": 2, ".txt": 1, "without a suffix": 1}


def test_the_paths_of_listed_files_are_kept(tree):
    kept = targets("talks/a.wav", "talks/deep/c.ogg", "./one.mp3", output="out", keep_tree=True)
    assert sorted(kept.values()) == ["out/one.sotto", "out/talks/a.sotto", "out/talks/deep/c.sotto"]
    assert targets("talks", output="out", keep_tree=True)["talks/a.wav"] == "out/talks/a.sotto"
    assert targets(os.path.abspath("one.mp3"), output="out", keep_tree=True).popitem()[1] == (
        f"out{os.path.abspath('one.sotto')}"
    )
    assert targets("../one.mp3", output="out", keep_tree=True).popitem()[1] == "out/one.sotto"
