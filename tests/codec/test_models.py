import os
from pathlib import Path

import pytest
from helpers import stub_release

from sottovoce.codec import SottoError, models

pytestmark = pytest.mark.usefixtures("toy", "in_folder")


@pytest.fixture
def loads(monkeypatch) -> list[str]:
    """What is loaded."""
    names = []

    def load(name):
        names.append(name)
        return stub_release.Release(Path(name).read_text() if os.path.exists(name) else name)

    monkeypatch.setattr(models.release, "load", load)
    return names


def test_names_in_the_box_are_loaded_once(loads):
    assert models.by_name("default") is models.by_name("default")
    assert loads == ["default"]


def test_a_path_is_loaded_again_when_it_holds_something_else(loads):
    path = Path("x.safetensors")
    path.write_text("one")
    one = models.by_name("x.safetensors")
    assert models.by_name("x.safetensors") is one
    path.write_text("other")
    assert models.by_name("x.safetensors").name == "other"
    assert len(loads) == 2


def test_what_is_wrong_is_told_apart(monkeypatch):
    with pytest.raises(SottoError, match="no model named 'nope'; choose one of default, other"):
        models.by_name("nope")
    os.mkdir("folder")
    monkeypatch.setattr(models.release, "load", lambda name: Path(name).read_bytes())
    with pytest.raises(SottoError, match="folder: is a folder; give a file"):
        models.by_name("folder")


def test_damage(monkeypatch):
    def load(name):
        raise ValueError("the card is missing")

    monkeypatch.setattr(models.release, "load", load)
    with pytest.raises(SottoError, match=r"'other' can't be used \(the card is missing\); install"):
        models.by_name("other")
