"""Tokens of folders in files, and sound from them."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sottovoce.codec.corpus.token_files import SUFFIXES, read_tokens


@pytest.fixture
def corpus(wav) -> str:
    for name, seconds in (("corpus/a.wav", 1.0), ("corpus/deep/b.flac", 0.5), ("corpus/deep/c.wav", 2.02)):
        wav(name, seconds=seconds)
    Path("corpus/table.csv").write_text('path,seconds,speaker,text\na.wav,9,anna,"Hello, you"\ndeep/b.flac,,bert,\n')
    return "corpus"


@pytest.fixture(params=SUFFIXES)
def kind(request) -> str:
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


def records(folder: str):
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                yield from read_tokens(file, path.suffix)


def test_tokens_are_written_and_decoded(sotto, corpus, kind):
    status, out, err = sotto("tokens", "-r", corpus, "-o", "out", "--format", kind, "-j", "1")
    assert (status, err) == (0, "")
    assert "3 done" in out
    found = {record.path: record for record in records("out")}
    assert list(found) == ["a.wav", "deep/b.flac", "deep/c.wav"]
    assert [len(one.tokens.codes) for one in found.values()] == [25, 13, 51]
    assert {one.tokens.codes.shape[1] for one in found.values()} == {3}
    status, out, err = sotto("tokens", "--decode", "-r", "out", "-o", "decoded", "--seed", "7")
    assert (status, err) == (0, "")
    assert sotto("encode", "-r", corpus, "-o", "coded", "-j", "1")[0] == 0
    assert sotto("decode", "-r", "coded", "-o", "whole", "-j", "1", "--seed", "7")[0] == 0
    for name in ("a.wav", "deep/b.wav", "deep/c.wav"):
        assert np.array_equal(soundfile.read(f"decoded/{name}")[0], soundfile.read(f"whole/{name}")[0])


def test_labels_are_carried_over(sotto, corpus, kind):
    table = f"{corpus}/table.csv"
    status, _, err = sotto("tokens", "-r", corpus, "-o", "out", "--format", kind, "--table", table, "-j", "1", "-q")
    assert status == 0
    assert err == "warning: corpus/deep/c.wav: is not in corpus/table.csv\n"
    first, second, third = records("out")
    assert dict(first.labels) == {"speaker": "anna", "text": "Hello, you"}
    assert (first.tokens.seconds, second.labels["speaker"]) == (1.0, "bert")
    assert not any(third.labels.values())


def test_jobs_of_an_array_write_a_file_each(sotto, corpus):
    for number in (1, 2):
        assert sotto("tokens", "-r", corpus, "-o", "out", "--format", "webdataset", "--shard", f"{number}/2")[0] == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "tokens-00001-of-00002.tar",
        "tokens-00002-of-00002.tar",
    ]
    assert sorted(record.path for record in records("out")) == ["a.wav", "deep/b.flac", "deep/c.wav"]
    done = [sotto("tokens", "--decode", "-r", "out", "-o", "decoded", "--shard", f"{n}/2")[0] for n in (1, 2)]
    assert done == [0, 0] and len(list(Path("decoded").rglob("*.wav"))) == 3


def test_outputs_are_not_replaced_by_accident(sotto, corpus, kind):
    again = "tokens", "-r", corpus, "-o", "out", "--format", kind, "-j", "1"
    assert sotto(*again)[0] == 0
    status, _, err = sotto(*again)
    assert status and "-f" in err and err.count("\n") == 1
    assert sotto(*again, "-f")[0] == 0


def test_archives_that_exist_are_left_out(sotto, corpus):
    again = "tokens", "-r", corpus, "-o", "out", "--format", "npz", "-j", "1", "--skip-existing"
    assert sotto(*again)[0] == 0
    Path("out/a.npz").unlink()
    assert sotto(*again)[1].splitlines()[-1].startswith("1 done, 2 skipped")
    assert sotto("tokens", "-r", corpus, "-o", "out", "--format", "webdataset", "--skip-existing")[0] == 2


def test_a_bad_recording_is_one_failure(sotto, corpus):
    Path("corpus/empty.wav").touch()
    status, _, err = sotto("tokens", "-r", corpus, "-o", "out", "--format", "webdataset", "-j", "1", "--json")
    assert status == 1 and err.count("\n") == 1
    assert len(list(records("out"))) == 3


@pytest.mark.parametrize("table", ["x,y\n1,2\n", "", "\xff\xfe"])
def test_bad_tables(sotto, corpus, table):
    Path("bad.csv").write_bytes(table.encode("latin-1"))
    status, _, err = sotto("tokens", corpus, "-o", "out", "--format", "npz", "--table", "bad.csv")
    assert status == 2 and err.startswith("sotto: bad.csv: ") and err.count("\n") == 1


def test_paths_do_not_lead_out_of_the_folder(sotto, corpus):
    assert sotto("tokens", f"{corpus}/a.wav", "-o", "out", "--format", "npz", "-j", "1")[0] == 0
    with np.load("out/a.npz") as arrays:
        fields = dict(arrays)
    np.savez("bad.npz", **fields | {"path": np.asarray("../a.wav")})
    status, _, err = sotto("tokens", "--decode", "bad.npz", "-o", "decoded")
    assert status == 1 and "out of the output folder" in err
    assert not Path("a.wav").exists()


def test_the_result_for_programs(sotto, corpus):
    _, out, _ = sotto("tokens", f"{corpus}/a.wav", "-o", "out", "--format", "npz", "--json")
    line = json.loads(out.splitlines()[0])
    assert (line["seconds"], line["shape"]) == (1.0, [25, 3])
