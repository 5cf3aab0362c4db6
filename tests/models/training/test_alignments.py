"""Phones on their way from alignments.csv into shards."""

import json
from pathlib import Path

import soundfile
from helpers import tiny

from sottovoce.models.training.shards import list_utterances, prepare


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tiny.voice(0.5), 16000)


def phones(folder: Path) -> dict[str, str]:
    return {u.path.name: u.phones for u in list_utterances(folder)}


def test_beside_above_and_inside(tmp_path: Path):
    folder = tmp_path / "speech" / "train" / "ann"
    write(folder / "a.wav")
    write(folder / "b.wav")
    assert phones(folder) == {"a.wav": "", "b.wav": ""}
    (tmp_path / "alignments.csv").write_text("path,phones\nspeech/train/ann/a.wav,SIL:0:3 AA:3:50\nnone.wav,B:0:1\n")
    said = {"a.wav": "SIL:0:3 AA:3:50", "b.wav": ""}
    assert phones(folder) == phones(folder.parent) == phones(tmp_path / "speech") == said
    (folder / "alignments.csv").write_text("phones,path\nB:0:50,b.wav\n")
    assert phones(folder) == {"a.wav": "", "b.wav": "B:0:50"}  # the nearest tells


def test_a_table_of_something_else_is_passed_over(tmp_path: Path):
    write(tmp_path / "ann" / "a.wav")
    (tmp_path / "alignments.csv").write_text("path,phones\nann/a.wav,AA:0:50\n")
    (tmp_path / "ann" / "alignments.csv").write_text("begin,end,word\n0,1,yes\n")
    assert phones(tmp_path / "ann") == {"a.wav": "AA:0:50"}


def test_the_index_holds_them(tmp_path: Path):
    write(tmp_path / "in" / "ann" / "a.wav")
    write(tmp_path / "in" / "ann" / "b.wav")
    (tmp_path / "alignments.csv").write_text("path,phones\nin/ann/b.wav,SIL:0:3 AA:3:50\n")
    prepare(tmp_path / "in", tmp_path / "out")
    first, second = json.loads((tmp_path / "out" / "index.json").read_text())["utterances"]
    assert "phones" not in first and second["phones"] == "SIL:0:3 AA:3:50"
