from types import SimpleNamespace

import pytest

from sottovoce.codec.evaluation.markdown import markdown
from sottovoce.codec.evaluation.metrics import METRICS
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.report import About, CodecRow, assemble, table, write


@pytest.fixture
def report():
    recordings = [
        ReferenceRecording(
            f"{i:04}", f"{i}.wav", None, corpus="ab"[i % 2], speaker=str(i), gender="mf"[i % 2], age="9" * (i % 3)
        )
        for i in range(6)
    ]
    figures = [dict.fromkeys(METRICS, i / 10) | {"per": None if i else 50.0} for i in range(6)]
    coded = [{"bytes": 100, "encoding": 0.01, "decoding": 0.2, "crc32": 0}] * 6
    codec = SimpleNamespace(name="fake:1", title="Fake | 1", family="fake", identity="1", bit_rate=300.0)
    traits = {"delay": 12, "encode_memory": 3_000_000, "decode_memory": None}
    rows = [CodecRow(codec, coded, traits, figures, [{"text": None}] * 6)]
    about = About(
        versions={"pesq": "1"},
        model={"name": "default", "id": "01020304", "sha256": "0"},
        missing={"lc3:16": "apt install liblc3-tools"},
    )
    return assemble(about, [(one, 2.0, 7) for one in recordings], rows)


def test_figures(report):
    (codec,) = report["codecs"]
    assert codec["file_bit_rate"] == 400
    assert (codec["encode_rtf"], codec["decode_rtf"]) == (0.005, 0.1)
    assert codec["means"]["stoi"]["mean"] == 0.25
    assert codec["means"]["per"] == {"mean": 50.0, "low": 50.0, "high": 50.0, "count": 1}
    assert list(codec["groups"]["corpus"]) == ["a", "b"]
    assert codec["groups"]["gender"]["f"]["stoi"]["mean"] == 0.3
    assert {name: means["stoi"]["count"] for name, means in codec["groups"]["age"].items()} == {
        "adults": 2,
        "children": 2,
    }
    assert codec["groups"]["gender"]["f"]["per"] is None
    assert report["metrics"][0] == {"key": "pesq_wb", "title": "PESQ-WB", "digits": 2, "better": "more"}


def test_markdown(report):
    lines = markdown(report).splitlines()
    assert "6 recordings of 6 speakers, 12 s; model `default` 01020304." in lines[2]
    assert "intervals over speakers" in lines[2]
    (row,) = (line for line in lines if line.startswith("| Fake") and "300 | 400" in line)
    assert row.endswith("| 50.0 |")
    assert "| Fake \\| 1 | 0.0050 | 0.1000 | 3 | – | 12 |" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## Cost",
        "## By corpus",
        "## By gender",
        "## By age",
        "## Not measured",
    ]
    assert lines[-1] == "- lc3:16: to include it, `apt install liblc3-tools`"
    tables = [line for line in lines if line.startswith("|")]
    assert "| phone error, % ↓ | a | b |" in tables


def test_every_line_of_a_table_has_as_many_cells(report):
    for block in markdown(report).split("\n\n"):
        if block.startswith("|"):
            assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1


def test_markdown_of_little(report):
    report["recordings"] = report["recordings"][:1]
    report["recordings"][0]["speaker"] = ""
    report["codecs"][0]["groups"] = {"corpus": {}, "gender": {"m": report["codecs"][0]["means"]}, "age": {}}
    report["missing"] = {}
    text = markdown(report)
    assert "1 recording, 2 s;" in text
    assert "over recordings;" in text
    assert "## By" not in text
    assert "## Not" not in text


def test_csv(report):
    head, first, *rest = table(report).splitlines()
    assert head.startswith("codec,id,path,corpus,speaker,gender,age,language,seconds,bytes,pesq_wb,")
    assert first.startswith("fake:1,0000,0.wav,a,0,m,,,2.0,100,0.0,")
    assert first.endswith(",50.0")
    assert len(rest) == 5


def test_what_is_no_number_is_not_written(report, tmp_path):
    report["codecs"][0]["delay"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        write(report, tmp_path)


def test_markdown_of_nobody_known(report):
    head = markdown(report).splitlines()[2]
    assert head.endswith("In groups of fewer than three speakers, intervals are over recordings.")
    for recording in report["recordings"]:
        recording["speaker"] = ""
    head = markdown(report).splitlines()[2]
    assert "intervals over recordings;" in head
    assert "speakers" not in head
