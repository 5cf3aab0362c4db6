"""Tables of recordings as spreadsheets and other programs write them."""

from pathlib import Path

import pytest

from sottovoce.models.errors import SottoError
from sottovoce.models.speech_table import (
    find_recording,
    is_child,
    known_speaker,
    read_alignments,
    read_speakers,
    read_table,
)

NAME = "Ren\xe9"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder DATA of two recordings, beside which its table is DATA.csv."""
    (tmp_path / "DATA").mkdir()
    for name in ("a.wav", "b.wav"):
        (tmp_path / "DATA" / name).touch()
    return tmp_path / "DATA"


@pytest.mark.parametrize(
    "data",
    [
        f"path,speaker\nDATA/a.wav,{NAME}\n".encode(),
        f"\ufeffpath,speaker\r\nDATA/a.wav,{NAME}\r\n".encode(),
        f"path;speaker\nDATA/a.wav;{NAME}\n".encode(),
        f"path\tspeaker\nDATA/a.wav\t{NAME}\n".encode(),
        f"path,speaker\nDATA/a.wav,{NAME}\n".encode("cp1252"),
        f"path\tspeaker\nDATA/a.wav\t{NAME}\n".encode("utf-16"),
        f"speaker,age,path\n{NAME},9,DATA/a.wav\n".encode(),
        f" Path , Speaker \nDATA/a.wav , {NAME}\n".encode(),
        f"path,speaker\nDATA\\a.wav,{NAME}\n".encode(),
        f"path,speaker\na.wav,{NAME}\n".encode(),
        f'path,speaker\n\n"DATA/a.wav","{NAME}"\n\n'.encode(),
        f"path,speaker\rDATA/a.wav,{NAME}\r".encode(),
    ],
    ids=[
        "plain",
        "BOM",
        "semicolon",
        "tab",
        "latin-1",
        "utf-16",
        "order",
        "spaces",
        "backslash",
        "folder",
        "blank",
        "CR",
    ],
)
def test_tables_of_every_kind(folder: Path, data: bytes):
    table = folder.with_suffix(".csv")
    table.write_bytes(data)
    assert read_speakers(table, folder) == {folder.resolve() / "a.wav": NAME}


def test_absolute_paths(folder: Path):
    table = folder.with_suffix(".csv")
    table.write_text(f"path,speaker\n{folder / 'b.wav'},bob\n")
    assert read_speakers(table, folder) == {folder.resolve() / "b.wav": "bob"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,speaker\nDATA/a.wav,anna\n", "has no column 'path'; name the columns in its first line"),
        ("path,name\nDATA/a.wav,anna\n", "has no column 'speaker'; name the columns in its first line"),
        ("path,speaker\nDATA/a.wav\n", "line 2 has 1 of 2 columns; complete it"),
        ("path,speaker\nDATA/a.wav,anna\n,bob\n", "line 3 isn't complete; fill in path"),
        (
            "path,speaker\nDATA/a.wav,anna\nDATA/c.wav,bob\nd.wav,bob\n",
            "2 of 3 recordings in it do not exist, such as DATA/c.wav; "
            "give paths relative to the table or to the folder",
        ),
        ("", "has no column 'path'; name the columns in its first line"),
    ],
)
def test_faults_are_named(folder: Path, text: str, says: str):
    table = folder.with_suffix(".csv")
    table.write_text(text)
    with pytest.raises(SottoError) as error:
        read_speakers(table, folder)
    assert str(error.value) == f"{table}: {says}"


def test_bytes_that_are_not_text(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"path\n\x00\x00")
    with pytest.raises(SottoError, match="is no table"):
        read_table(tmp_path / "a.csv", "path")


def test_a_quoted_separator(tmp_path: Path):
    (tmp_path / "a.csv").write_text('path,text\n"a, b.wav","one; two"\n')
    assert read_table(tmp_path / "a.csv", "path") == [{"path": "a, b.wav", "text": "one; two"}]


def test_backslashes_in_names_that_exist(folder: Path):
    assert find_recording("DATA\\b.wav", [folder.parent]) == folder.parent / "DATA/b.wav"
    (folder / "x\\y.wav").touch()
    assert find_recording("x\\y.wav", [folder]) == folder / "x\\y.wav"
    assert find_recording("c.wav", [folder]) is None


@pytest.mark.parametrize(
    ("age", "child"), [("", None), ("old", None), ("nan", None), ("0", True), ("15.9", True), ("16", False)]
)
def test_children_are_under_16(age: str, child: bool | None):
    assert is_child(age) is child


def test_speakers_who_are_not_known():
    assert [known_speaker(name) for name in ("", "unknown", "spk_unknown", "spk_1")] == ["", "", "", "spk_1"]


def test_the_nearest_table_of_alignments(folder: Path):
    assert read_alignments(folder) == {}
    (folder.parent / "alignments.csv").write_text("path;phones\nDATA\\a.wav;T:0:3\n")
    assert read_alignments(folder) == {folder.resolve() / "a.wav": "T:0:3"}
    (folder / "alignments.csv").write_text("path,words\na.wav,tea\n")
    assert read_alignments(folder) == {folder.resolve() / "a.wav": "T:0:3"}
    (folder / "alignments.csv").write_text("path,phones\na.wav,D:0:3\n")
    assert read_alignments(folder) == {folder.resolve() / "a.wav": "D:0:3"}
