import os

import numpy as np
import pytest
import soundfile

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import reading, seekable, writing
from sottovoce.models import files


def test_appears_when_whole(in_folder):
    with writing("deep/down/a.bin") as file:
        file.write(b"abc")
        assert not (in_folder / "deep/down/a.bin").exists()
    assert os.listdir("deep/down") == ["a.bin"]
    assert (in_folder / "deep/down/a.bin").read_bytes() == b"abc"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, GeneratorExit])
def test_leaves_nothing_behind(in_folder, error):
    (in_folder / "a.bin").write_bytes(b"old")
    with pytest.raises(error), writing("a.bin", force=True) as file:
        file.write(b"new")
        raise error
    assert os.listdir() == ["a.bin"]
    assert (in_folder / "a.bin").read_bytes() == b"old"


def test_overwrites_only_by_force(in_folder):
    (in_folder / "a.bin").write_bytes(b"old")
    with pytest.raises(SottoError, match=r"^a\.bin: exists already"), writing("a.bin"):
        pytest.fail("opened")
    with writing("a.bin", force=True) as file:
        file.write(b"new")
    assert (in_folder / "a.bin").read_bytes() == b"new"


def test_follows_links(in_folder):
    (in_folder / "goal").write_bytes(b"old")
    os.symlink("goal", "link")
    with writing("link", force=True) as file:
        file.write(b"new")
    assert os.path.islink("link")
    assert (in_folder / "goal").read_bytes() == b"new"


def test_devices_are_not_replaced():
    with writing(os.devnull) as file:
        file.write(b"abc")
    assert not os.path.isfile(os.devnull)


def test_full_disk(in_folder):
    with pytest.raises(SottoError, match=r"^/dev/full: no space left"), writing("/dev/full") as file:
        file.write(b"abc")


@pytest.mark.parametrize(
    ("name", "reason"), [("folder", "is a folder"), ("file/a", "not a folder"), ("x" * 300, "too long")]
)
def test_impossible_outputs(in_folder, name, reason):
    (in_folder / "folder").mkdir()
    (in_folder / "file").touch()
    with pytest.raises(SottoError, match=reason), writing(name):
        pytest.fail("opened")
    assert sorted(os.listdir()) == ["file", "folder"]


@pytest.mark.parametrize(("name", "reason"), [("nope", "no such file"), (".", "is a folder")])
def test_impossible_inputs(in_folder, name, reason):
    with pytest.raises(SottoError, match=reason), reading(name):
        pytest.fail("opened")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_forbidden(in_folder):
    (in_folder / "a").touch(mode=0)
    with pytest.raises(SottoError, match="permission denied"), reading("a"):
        pytest.fail("opened")


def test_pipes_can_be_read_twice():
    read, write = os.pipe()
    os.write(write, b"abc")
    os.close(write)
    with os.fdopen(read, "rb") as pipe, seekable(pipe) as file:
        assert file.read() == b"abc"
        file.seek(0)
        assert file.read() == b"abc"


def test_a_file_made_meanwhile_is_not_replaced(in_folder):
    with pytest.raises(SottoError, match=r"^a\.bin: exists already"), writing("a.bin") as file:
        file.write(b"mine")
        (in_folder / "a.bin").write_bytes(b"other")
    assert os.listdir() == ["a.bin"]
    assert (in_folder / "a.bin").read_bytes() == b"other"


def test_the_longest_names(in_folder):
    name = "漢" * 80 + ".sotto"
    with writing(name) as file:
        file.write(b"x")
    assert os.listdir() == [name]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_modes_follow_umask_or_the_file_that_is_replaced(in_folder):
    before = os.umask(0o027)
    try:
        with writing("new") as file:
            file.write(b"x")
        (in_folder / "old").touch()
        os.chmod("old", 0o600)
        with writing("old", force=True) as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert os.stat("new").st_mode & 0o777 == 0o640
    assert os.stat("old").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, OSError])
def test_recordings_are_kept(in_folder, error, force):
    if force:
        (in_folder / "a.wav").write_bytes(b"old")
    with (
        pytest.raises((error, SottoError)),
        writing("a.wav", force=force, keep=True) as file,
        WavWriter(file, 16000, None) as wav,
    ):
        wav.write(np.ones(16000, np.int16))
        raise error
    assert os.listdir() == ["a.wav"]
    assert soundfile.info("a.wav").frames == 16000


def test_a_recording_without_sound_is_not_kept(in_folder):
    with pytest.raises(ValueError), writing("a.wav", keep=True) as file, WavWriter(file, 16000, None):
        raise ValueError
    assert not os.listdir()


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_temporary_files_of_killed_processes_are_removed(in_folder, monkeypatch):
    monkeypatch.setattr(files, "_YOUNG", -1.0)
    (in_folder / ".sotto-dead.part").touch()
    (in_folder / ".sotto-notes.txt").touch()
    with writing("a") as first:
        first.write(b"a")
        files._SWEPT.clear()  # as in another process
        with writing("b") as second:
            second.write(b"b")
    assert sorted(os.listdir()) == [".sotto-notes.txt", "a", "b"]


def test_young_temporary_files_stay(in_folder):
    (in_folder / ".sotto-new.part").touch()
    with writing("a") as file:
        file.write(b"a")
    assert sorted(os.listdir()) == [".sotto-new.part", "a"]
