"""Files of tokens give back what was written, and refuse anything else."""

import io
import json
import tarfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.codec.corpus.records import TokenRecord
from sottovoce.codec.corpus.token_files import read_tokens, token_writer, write_npz
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.tokens import Tokens


def record(path: str = "a/b.wav", steps: int = 5, **labels: str) -> TokenRecord:
    codes = np.random.default_rng(steps).integers(0, 1024, (steps, 3)).astype(np.int16)
    return TokenRecord(path, Tokens(codes, bytes(range(250, 256)), -23.5, 0.04 * steps, "0123abcd", "default"), labels)


def assert_equal(found: TokenRecord, expected: TokenRecord) -> None:
    assert found.facts() == expected.facts()
    assert found.tokens.codes.dtype == np.int16 and np.array_equal(found.tokens.codes, expected.tokens.codes)


@pytest.fixture(params=["parquet", "webdataset"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


SUFFIX = {"parquet": ".parquet", "webdataset": ".tar"}


def written(kind: str, records: list[TokenRecord], labels: tuple[str, ...] = ()) -> io.BytesIO:
    file = io.BytesIO()
    with token_writer(file, kind, labels) as collect:
        for one in records:
            collect(one)
    return io.BytesIO(file.getvalue())


@pytest.mark.parametrize("count", [0, 1, 3])
def test_records_come_back(kind, count):
    records = [record(f"ä/{i}.x.wav", steps=i + 1, text=f"Überall, {i}", language="") for i in range(count)]
    found = list(read_tokens(written(kind, records, ("text", "language")), SUFFIX[kind]))
    assert len(found) == count
    for one, other in zip(found, records, strict=True):
        assert_equal(one, other)


def test_more_records_than_a_row_group_holds(monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr("sottovoce.codec.corpus.parquet.ROWS", 2)
    records = [record(str(i)) for i in range(5)]
    assert [one.path for one in read_tokens(written("parquet", records), ".parquet")] == list("01234")


def test_an_archive_comes_back():
    file = io.BytesIO()
    write_npz(file, record(text="so"))
    file.seek(0)
    (found,) = read_tokens(file, ".npz")
    assert_equal(found, record(text="so"))
    file.seek(0)
    with np.load(file) as arrays:
        assert arrays["codes"].dtype == np.int16 and arrays["speaker_vector"].dtype == np.uint8
        assert str(arrays["text"]) == "so" and float(arrays["level"]) == -23.5


def test_parquet_is_what_others_read():
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(written("parquet", [record(text="so"), record(steps=2)], ("text",)))
    assert table.column_names == ["path", "seconds", "codes", "speaker_vector", "level", "model", "preset", "text"]
    assert np.array_equal(table["codes"][0].as_py(), record().tokens.codes)
    assert table["text"].to_pylist() == ["so", None]


def test_datasets_loads_parquet(tmp_path):
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("pyarrow")
    path = tmp_path / "tokens.parquet"
    path.write_bytes(written("parquet", [record()]).getvalue())
    (row,) = datasets.Dataset.from_parquet(str(path), cache_dir=str(tmp_path))
    assert np.array_equal(row["codes"], record().tokens.codes)


def test_members_of_a_tar_file_are_those_of_webdataset():
    with tarfile.open(fileobj=written("webdataset", [record("d.e/f.g.wav")])) as tar:
        assert tar.getnames() == ["d.e/f_g.codes.npy", "d.e/f_g.json"]
        assert json.load(tar.extractfile("d.e/f_g.json"))["level"] == -23.5


@pytest.mark.parametrize("suffix", [".parquet", ".tar", ".npz", ".wav"])
def test_other_files_are_refused(suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = io.BytesIO()
    write_npz(file, record())
    whole = {".parquet": "parquet", ".tar": "webdataset"}.get(suffix)
    data = written(whole, [record()]).getvalue() if whole else file.getvalue()
    for piece in (b"", b"x" * 2000, data[:700]):
        with pytest.raises(SottoError):
            list(read_tokens(io.BytesIO(piece), suffix))


def test_an_archive_without_its_fields_is_refused():
    file = io.BytesIO()
    np.savez(file, codes=np.zeros((2, 3), np.int16))
    file.seek(0)
    with pytest.raises(SottoError, match="no tokens of this project"):
        list(read_tokens(file, ".npz"))


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 3000), value=st.integers(0, 255))
def test_a_wrong_byte_gives_records_or_one_error(place, value):
    data = bytearray(written("webdataset", [record()]).getvalue())
    data[place % len(data)] = value
    with suppress(SottoError):
        list(read_tokens(io.BytesIO(bytes(data)), ".tar"))
