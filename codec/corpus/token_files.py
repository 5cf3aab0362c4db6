"""Files of tokens: Parquet, tar files for WebDataset, and NumPy archives."""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import numpy as np

from sottovoce.codec.corpus.parquet import parquet_writer, read_parquet
from sottovoce.codec.corpus.records import Collect, TokenRecord
from sottovoce.codec.errors import SottoError

SUFFIXES = {"parquet": ".parquet", "webdataset": ".tar", "npz": ".npz"}
"""Suffix of the files of each format."""

_BROKEN = (ValueError, KeyError, EOFError, zipfile.BadZipFile, tarfile.TarError, UnicodeDecodeError)


@contextmanager
def token_writer(file: BinaryIO, kind: str, labels: Sequence[str]) -> Iterator[Collect]:
    """Write records to a file of a format of several recordings.

    Parameters
    ----------
    file : file-like
    kind : {"parquet", "webdataset"}
    labels : sequence of str
        Names of the labels; each record has all of them.
    """
    with parquet_writer(file, labels) if kind == "parquet" else _tar_writer(file) as collect:
        yield collect


def read_tokens(file: BinaryIO, suffix: str) -> Iterator[TokenRecord]:
    """Read the records of a file, whose suffix tells its format.

    Raises
    ------
    SottoError
        When it is not such a file.
    """
    readers = {".parquet": read_parquet, ".tar": _read_tar, ".npz": _read_npz}
    if suffix not in readers:
        raise SottoError(f"{suffix or 'a file without a suffix'} is no format of tokens", f"give {' '.join(readers)}")
    try:
        yield from readers[suffix](file)
    except _BROKEN as error:
        raise SottoError(f"cannot be read as {suffix} ({error})", "give what `sotto tokens` wrote") from error


# ---------------------------------------------------------------- NumPy archives
def write_npz(file: BinaryIO, record: TokenRecord) -> None:
    """Write a NumPy archive with one recording: its codes and, as an array each, its other fields."""
    facts: dict[str, Any] = {name: np.asarray(value) for name, value in record.facts().items()}
    facts["speaker_vector"] = facts["speaker_vector"].astype(np.uint8)
    data = io.BytesIO()  # an archive is written back and forth
    np.savez_compressed(data, codes=record.tokens.codes, **facts)
    file.write(data.getvalue())


def _read_npz(file: BinaryIO) -> Iterator[TokenRecord]:
    with np.load(file, allow_pickle=False) as arrays:
        facts = {name: arrays[name].tolist() for name in arrays.files if name != "codes"}
        yield TokenRecord.of(arrays["codes"], facts)


# ---------------------------------------------------------------- WebDataset
@contextmanager
def _tar_writer(file: BinaryIO) -> Iterator[Collect]:
    """Write the members KEY.codes.npy and KEY.json for each recording."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def collect(record: TokenRecord) -> None:
            codes = io.BytesIO()
            np.save(codes, record.tokens.codes)
            _add(tar, f"{_key(record.path)}.codes.npy", codes.getvalue())
            _add(tar, f"{_key(record.path)}.json", json.dumps(record.facts(), ensure_ascii=False).encode())

        yield collect


def _key(path: str) -> str:
    """Return the key of a recording: WebDataset takes the name up to its first dot."""
    whole = PurePosixPath(path)
    return str(whole.with_name(whole.stem.replace(".", "_")))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _read_tar(file: BinaryIO) -> Iterator[TokenRecord]:
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if not (member.isfile() and member.name.endswith((".codes.npy", ".json"))):
                continue
            data = tar.extractfile(member)
            assert data is not None
            members[member.name] = data.read()
            key = member.name.removesuffix(".codes.npy").removesuffix(".json")
            if {f"{key}.codes.npy", f"{key}.json"} <= members.keys():
                codes = np.load(io.BytesIO(members.pop(f"{key}.codes.npy")), allow_pickle=False)
                yield TokenRecord.of(codes, _object(members.pop(f"{key}.json")))
    if members:
        raise ValueError(f"{next(iter(members))} has no other half")


def _object(data: bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value
