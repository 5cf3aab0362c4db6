from pathlib import Path

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation.references import find


def write(path: str, text: str | bytes = "") -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_folder_names_speakers_by_its_folders(in_folder):
    for name in ("b.wav", "anna/2.FLAC", "anna/1.ogg", "anna/notes.txt", ".hidden/x.wav", "bert/deep/c.mp3"):
        write(f"talks/{name}")
    found = find("talks")
    assert [(one.id, one.path, one.speaker) for one in found] == [
        ("0000", "b.wav", ""),
        ("0001", "anna/1.ogg", "anna"),
        ("0002", "anna/2.FLAC", "anna"),
        ("0003", "bert/deep/c.mp3", "bert/deep"),
    ]
    assert found[1].file == Path("talks/anna/1.ogg")
    assert [one.who for one in found] == ["0000", "/anna", "/anna", "/bert/deep"]


def test_a_table_tells_more(in_folder):
    write(
        "speech/list.csv", '\ufeffcorpus,path,speaker,gender,age,text\nc,x/a.wav,s,f,12,"hello, you"\nc,b.wav,t,m,,\n'
    )
    write("speech/alignments.csv", "path,phones\nx/a.wav,SIL:0:3 HH:3:5 AH:5:9 SIL:9:10\nother.wav,AA:0:2\n")
    child, other = find("speech/list.csv")
    assert (child.corpus, child.speaker, child.gender, child.generation) == ("c", "s", "f", "children")
    assert child.file == Path("speech/x/a.wav")
    assert child.phones == ("HH", "AH")
    assert (other.generation, other.phones, other.language) == ("", (), "")


@pytest.mark.parametrize(("age", "generation"), [("15", "children"), ("16", "adults"), ("15.5", "children"), ("?", "")])
def test_children_are_under_16(in_folder, age, generation):
    write("list.csv", f"path,age\na.wav,{age}\n")
    assert find("list.csv")[0].generation == generation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column 'path'; name the columns in its first line"),
        ("speaker,file\na,b\n", "has no column 'path'; name the columns in its first line"),
        ("path,speaker\n", "lists no recordings; give a folder of recordings or a table with a column 'path'"),
        ("path,speaker\na.wav,x\n,y\n", "line 3 isn't complete; fill in path"),
        (b"path\n\xff\xfe\x00\n", "is no table ("),
        (b"RIFF\x00\x00\x00\x00WAVE", "has no column 'path'"),
    ],
)
def test_tables_that_are_none(in_folder, text, says):
    write("list.csv", text)
    with pytest.raises(SottoError, match=r"^list\.csv: ") as error:
        find("list.csv")
    assert says in str(error.value)


def test_nothing_there(in_folder):
    with pytest.raises(SottoError, match="no such file or folder"):
        find("nothing.csv")
    Path("empty").mkdir()
    with pytest.raises(SottoError, match=r"^empty: no recordings in it; the suffixes looked for are \.aif"):
        find("empty")


@pytest.mark.parametrize("phones", ["AH", "AH:0:x", "Q:0:3"])
def test_phones_that_are_none(in_folder, phones):
    write("list.csv", "path\na.wav\n")
    write("alignments.csv", f"path,phones\na.wav,{phones}\n")
    with pytest.raises(SottoError, match=r"^alignments\.csv: is no table of phones"):
        find("list.csv")
