"""Corpora, made small, with the layout of the real ones."""

from pathlib import Path

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import sets
from sottovoce.codec.evaluation.published import published
from sottovoce.codec.evaluation.references import find

REPORT = Path("report")


def write(path: str, text: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


@pytest.fixture
def librispeech(in_folder):
    write(
        "LibriSpeech/SPEAKERS.TXT",
        ";ID  |SEX| SUBSET\n61   | M | test-clean | 8.08 | Paul\n121  | F | test-clean | 8 | N\n",
    )
    write(
        "LibriSpeech/test-clean/61/70968/61-70968.trans.txt",
        "61-70968-0000 HE BEGAN A CONFUSED COMPLAINT\n61-70968-0001 GIVE\n",
    )
    write("LibriSpeech/test-clean/121/121726/121-121726.trans.txt", "121-121726-0000 ALSO A POPULAR CONTRIVANCE\n")
    write("LibriSpeech/test-other/1/2/1-2.trans.txt", "1-2-0000 OTHER\n")


@pytest.mark.parametrize("folder", ["LibriSpeech", ".", "LibriSpeech/test-clean"])
def test_librispeech(librispeech, folder):
    found = find(folder, REPORT, "librispeech-test-clean")
    assert [one.file.resolve() for one in found] == [
        Path("LibriSpeech/test-clean", name).resolve()
        for name in ("121/121726/121-121726-0000.flac", "61/70968/61-70968-0000.flac", "61/70968/61-70968-0001.flac")
    ]
    first = found[1]
    assert (first.speaker, first.gender, first.language, first.corpus) == ("61", "m", "en", "librispeech-test-clean")
    assert first.text == "HE BEGAN A CONFUSED COMPLAINT"
    assert [one.text for one in find(".", REPORT, "librispeech-test-other")] == ["OTHER"]
    assert [one.id for one in find(folder, REPORT, "librispeech-test-clean", 2)] == ["0000", "0001"]


def test_vctk(in_folder):
    write("speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\np225  23  F    English    England\n")
    write("wav48_silence_trimmed/p225/p225_001_mic1.flac")
    write("wav48_silence_trimmed/p225/p225_001_mic2.flac")
    write("wav48_silence_trimmed/p315/p315_001_mic1.flac")
    write("txt/p225/p225_001.txt", "Please call Stella.\n")
    first, other = find(".", REPORT, "vctk")
    assert first.path == "wav48_silence_trimmed/p225/p225_001_mic1.flac"
    assert (first.speaker, first.gender, first.age, first.text) == ("p225", "f", "23", "Please call Stella.")
    assert (other.speaker, other.gender, other.age, other.text) == ("p315", "", "", "")


def test_ljspeech(in_folder):
    write("LJSpeech-1.1/metadata.csv", 'LJ001-0001|Printing, in "1450"|Printing, in "fourteen fifty"\n')
    (one,) = find(".", REPORT, "ljspeech")
    assert one.path == "LJSpeech-1.1/wavs/LJ001-0001.wav"
    assert (one.speaker, one.gender, one.text) == ("LJ", "f", 'Printing, in "fourteen fifty"')


def test_common_voice(in_folder):
    write(
        "nl/test.tsv",
        "client_id\tpath\tsentence\tage\tgender\tlocale\n"
        'a1\tc1.mp3\tZij zei "nee".\ttwenties\tfemale_feminine\tnl\nb2\tc2.mp3\tJa.\tteens\t\tnl\n',
    )
    one, other = find("nl", REPORT, "common-voice")
    assert (one.path, one.speaker, one.gender, one.age) == ("clips/c1.mp3", "a1", "f", "25")
    assert (one.language, one.text) == ("nl", 'Zij zei "nee".')
    assert (other.gender, other.age) == ("", "")


def test_codec_superb(in_folder):
    for name in ("crema_d/1.wav", "voxceleb1/id1/2.wav", "esc50/3.wav", "librispeech/notes.txt"):
        write(f"samples/{name}")
    found = find(".", REPORT, "codec-superb")
    assert [(one.path, one.corpus, one.language) for one in found] == [
        ("samples/crema_d/1.wav", "crema_d", "en"),
        ("samples/voxceleb1/id1/2.wav", "voxceleb1", ""),
    ]


def test_a_limit_spreads(in_folder):
    for number in range(10):
        write(f"talks/{number}.wav")
    assert [one.path for one in find("talks", REPORT, limit=3)] == ["0.wav", "3.wav", "6.wav"]
    assert len(find("talks", REPORT, limit=30)) == 10


def test_other_folders_are_one_line(in_folder):
    Path("test-clean").mkdir()
    for name, says in (
        ("librispeech-test-clean", r"^\.: no recordings of librispeech-test-clean in it; name the folder"),
        ("vctk", r"^\.: without wav48_silence_trimmed; name the folder of the corpus"),
        ("timit", "no set named 'timit'; choose one of librispeech-test-clean"),
    ):
        with pytest.raises(SottoError, match=says):
            sets.rows(name, ".")


def test_published_figures_have_sources():
    table = published()
    assert table["set"] == "LibriSpeech test-clean"
    assert "not run here" in table["note"]
    assert len(table["codecs"]) == 15
    for codec in table["codecs"]:
        assert codec["source"].startswith("arXiv ")
        assert 200 < codec["bit_rate"] < 1100
        assert set(codec["figures"]) <= {"pesq_wb", "stoi", "utmos", "wer_published", "similarity_published"}
