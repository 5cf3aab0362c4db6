import os

import pytest

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import reading, seekable, writing


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
