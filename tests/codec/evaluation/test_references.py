import json
import sys
from pathlib import Path

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation.references import find

REPORT = Path("report")


def write(path: str, text: str | bytes = "") -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_folder_names_speakers_by_its_folders(in_folder):
    for name in ("b.wav", "anna/2.FLAC", "anna/1.ogg", "anna/notes.txt", ".hidden/x.wav", "bert/deep/c.mp3"):
        write(f"talks/{name}")
    found = find("talks", REPORT)
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
    child, other = find("speech/list.csv", REPORT)
    assert (child.corpus, child.speaker, child.gender, child.generation) == ("c", "s", "f", "children")
    assert child.file == Path("speech/x/a.wav")
    assert child.phones == ("HH", "AH")
    assert (other.generation, other.phones, other.language) == ("", (), "")


@pytest.mark.parametrize(
    ("age", "generation"), [("15", "children"), ("16", "adults"), ("15.5", "children"), ("?", ""), ("nan", "")]
)
def test_children_are_under_16(in_folder, age, generation):
    write("list.csv", f"path,age\na.wav,{age}\n")
    assert find("list.csv", REPORT)[0].generation == generation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column 'path'; name the columns in its first line"),
        ("speaker,file\na,b\n", "has no column 'path'; name the columns in its first line"),
        ("path,speaker\n", "lists no recordings; give a folder of recordings or a table with a column 'path'"),
        ("path,speaker\na.wav,x\n,y\n", "line 3 isn't complete; fill in path"),
        ("path,speaker\na.wav,x\nb.wav\n", "line 3 has 1 of 2 columns; complete it"),
        (b"path\n\xff\xfe\x00\n", "is no table ("),
        (b"RIFF\x00\x00\x00\x00WAVE", "is no table ("),
    ],
)
def test_tables_that_are_none(in_folder, text, says):
    write("list.csv", text)
    with pytest.raises(SottoError, match=r"^list\.csv: ") as error:
        find("list.csv", REPORT)
    assert says in str(error.value)


def test_nothing_there(in_folder):
    with pytest.raises(SottoError, match="no such file or folder"):
        find("nothing.csv", REPORT)
    Path("empty").mkdir()
    with pytest.raises(SottoError, match=r"^empty: no recordings in it; the suffixes looked for are \.3gp"):
        find("empty", REPORT)


@pytest.mark.parametrize("phones", ["AH", "AH:0:x", "Q:0:3"])
def test_phones_that_are_none(in_folder, phones):
    write("list.csv", "path\na.wav\n")
    write("alignments.csv", f"path,phones\na.wav,{phones}\n")
    with pytest.raises(SottoError, match=r"^alignments\.csv: is no table of phones"):
        find("list.csv", REPORT)


@pytest.mark.parametrize("report", ["report", ".", "anna"])
def test_sounds_of_the_report_are_no_recordings(in_folder, report):
    for name in ("anna/a.wav", "bert/b.wav"):
        write(name)
    found = find(".", Path(report))
    for name in ("decoded/opus-6/0000.flac", "parts/opus-6/0000.flac"):
        write(f"{report}/{name}")
    assert find(".", Path(report)) == found
    assert len(found) == 2
    assert find(str(in_folder.resolve()), Path(report))[0].path == "anna/a.wav"


def test_another_table_of_alignments_is_someone_elses(in_folder):
    write("list.csv", "path\na.wav\n")
    for table in ("file,phones\na.wav,AH:0:3\n", "path,words\na.wav,hello\n", "path,phones\na.wav,\n", ""):
        write("alignments.csv", table)
        assert find("list.csv", REPORT)[0].phones == ()


def test_stress_is_left_out(in_folder):
    write("list.csv", "path\na.wav\n")
    write("alignments.csv", "path,phones\na.wav,HH:0:3 AH0:3:5 OW1:5:9\n")
    assert find("list.csv", REPORT)[0].phones == ("HH", "AH", "OW")


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_names_that_are_no_text(in_folder):
    name = "ann\udcff/\udcfe.wav"
    write(f"talks/{name}")
    (found,) = find("talks", REPORT)
    assert found.file.exists()
    assert (found.path, found.speaker) == ("ann?/?.wav", "ann?")
    json.dumps([found.path, found.speaker], ensure_ascii=False).encode()
