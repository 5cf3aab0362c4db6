"""Tokens in Parquet, with the package pyarrow: a row for each recording."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from sottovoce.codec.corpus.records import Collect, TokenRecord
from sottovoce.codec.errors import SottoError

if TYPE_CHECKING:
    import pyarrow

ROWS = 1000
"""Rows of a row group: what readers load at a time."""


def arrow() -> Any:
    """Import pyarrow and its module for Parquet.

    Raises
    ------
    SottoError
        When it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SottoError("Parquet needs the package pyarrow", "pip install 'sottovoce[cluster]'") from error
    return pyarrow


@contextmanager
def parquet_writer(file: BinaryIO, labels: Sequence[str]) -> Iterator[Collect]:
    """Write records as rows; labels are columns of strings, null where there is none."""
    pa = arrow()
    schema: pyarrow.Schema | None = None
    writer: Any = None
    rows: list[TokenRecord] = []

    def flush() -> None:
        nonlocal schema, writer
        if schema is None:
            books = rows[0].tokens.codes.shape[1] if rows else 1
            schema = _schema(pa, books, labels)
            writer = pa.parquet.ParquetWriter(file, schema, compression="zstd")
        writer.write_table(_table(pa, schema, rows))
        rows.clear()

    def collect(record: TokenRecord) -> None:
        rows.append(record)
        if len(rows) == ROWS:
            flush()

    yield collect
    if rows or schema is None:
        flush()
    writer.close()


def _schema(pa: Any, books: int, labels: Sequence[str]) -> "pyarrow.Schema":
    return pa.schema(
        [
            ("path", pa.string()),
            ("seconds", pa.float64()),
            ("codes", pa.list_(pa.list_(pa.int16(), books))),
            ("speaker_vector", pa.list_(pa.uint8())),
            ("level", pa.float64()),
            ("model", pa.string()),
            ("preset", pa.string()),
            *((name, pa.string()) for name in labels),
        ]
    )


def _table(pa: Any, schema: "pyarrow.Schema", rows: Sequence[TokenRecord]) -> "pyarrow.Table":
    codes = schema.field("codes").type
    columns: dict[str, Any] = {name: [] for name in schema.names}
    for row in rows:
        facts = row.facts()
        for name in schema.names:
            if name != "codes":
                columns[name].append(facts.get(name))
    values = np.concatenate([row.tokens.codes.ravel() for row in rows] or [np.zeros(0, np.int16)])
    steps = pa.FixedSizeListArray.from_arrays(pa.array(values), type=codes.value_type)
    ends = np.cumsum([0, *(len(row.tokens.codes) for row in rows)])
    columns["codes"] = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), steps, type=codes)
    return pa.table(columns, schema=schema)


def read_parquet(file: BinaryIO) -> Iterator[TokenRecord]:
    """Read the rows of a Parquet file."""
    pa = arrow()
    try:
        for batch in pa.parquet.ParquetFile(file).iter_batches(ROWS):
            for row in batch.to_pylist():
                yield TokenRecord.of(row.pop("codes"), row)
    except (pa.ArrowException, KeyError) as error:
        raise ValueError(str(error).splitlines()[0]) from error
