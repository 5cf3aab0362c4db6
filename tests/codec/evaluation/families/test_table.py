import copy

from sottovoce.codec.evaluation.families.table import COLUMNS, headline, markdown, ordered, proven


def cells(report, name):
    row = next(row for row in report["families"] if row["name"] == name)
    return {column.title: column.cell(row) for column in COLUMNS}


def test_cells(report):
    shown = cells(report, "gru")
    assert shown["bits per sample"].startswith("4.500 [4.4")
    assert (shown["p(x)"], shown["of"], shown["latents"], shown["their bit/s"]) == ("exact", "waveform", "no", "–")
    assert (shown["evaluate, s"], shown["sample, s"], shown["kB"]) == ("0.25", "8", "2")
    assert (shown["trained on"], shown["file, %"]) == ("CPU, 1 threads, 1.5 min", "+0.50")
    assert cells(report, "vae")["their bit/s"] == "1\u202f600"
    assert cells(report, "pixelcnn-a")["of"] == "picture, 1.00 a level"
    assert cells(report, "waveglow")["of"] == "waveform, picture given"
    assert cells(report, "waveglow + pixelcnn-a")["trained on"] == "–"


def test_a_file_that_gave_other_samples_is_told(report):
    report = copy.deepcopy(report)
    next(row for row in report["families"] if row["lossless"])["lossless"]["same"] = False
    assert cells(report, "gru")["file, %"] == "other samples"
    assert "for 0 of 1 families" in proven(report)


def test_markdown(report):
    text = markdown(report)
    assert text.startswith("## Model families\n\n5 recordings of 4 speakers, 8 s, as 16 kHz 8-bit mu-law.")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 2}
    assert lines[2].startswith("| **counts and linear** |")
    assert lines[3].startswith("| ngram | 5.000 [")
    assert "counts and linear prediction (5.00) > neural language model (4.50) > recurrent" in text
    assert "attending networks (4.50 to 4.25). This holds for all pairs except:" in text
    assert "\n- window <64> needs no more bits than gru: 0.000 [0.000, 0.000] fewer.\n" in text
    assert "Lossless files of 2 s of speech" in text
    assert "for 1 of 1 families with exact p(x) the decoded samples are identical" in text
    assert "file sizes are within 0.50 %" in text


def test_what_is_not_there_is_not_told(report):
    few = {**report, "order": None, "families": report["families"][:1]}
    assert ordered(few) == []
    assert proven(few) == ""
    assert markdown(few).count("\n\n") == 3
    assert ordered({**report, "order": {**report["order"], "exceptions": []}})[1] == "This holds for every pair."
    strange = {**report, "recordings": [{**one, "speaker": ""} for one in report["recordings"]]}
    assert headline(strange).startswith("5 recordings, 8 s, ")
    assert "intervals over recordings" in headline(strange)
