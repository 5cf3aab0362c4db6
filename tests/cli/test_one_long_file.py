"""A single long recording is encoded in several processes, to the same file."""

from pathlib import Path

import pytest

from sottovoce.models import release

pytestmark = pytest.mark.skipif(not release.available(), reason="no trained model")


def test_same_file_as_with_one_process(in_folder, wav, monkeypatch):
    from sottovoce.cli import encode
    from sottovoce.cli.app import run

    monkeypatch.setattr(encode, "LONG_SECONDS", 2)
    wav("talk.wav", seconds=44)
    assert run(["encode", "talk.wav", "-o", "one.sotto", "-j", "1"]) == 0
    assert run(["encode", "talk.wav", "-o", "two.sotto", "-j", "2"]) == 0
    assert Path("one.sotto").read_bytes() == Path("two.sotto").read_bytes()
