"""encode and decode on a cluster."""

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "more",
    [
        ["-o", "out"],
        ["-r"],
        ["-r", "in", "-o", "out"],
        ["-r", "-o", "out", "--skip-existing"],
        ["-r", "-o", "out", "-j", "2"],
    ],
)
def test_what_a_cluster_does_not_do(sotto, wav, more):
    wav("in/a.wav")
    status, _, err = sotto("encode", "in", *more, "--dask", "local:1")
    assert status == 2 and "--dask" in err and err.count("\n") == 1


def test_a_folder_goes_there_and_back(sotto, wav):
    for package in ("distributed", "fsspec", "pyarrow"):
        pytest.importorskip(package)
    wav("in/a.wav", seconds=1.0)
    wav("in/deep/b.flac", seconds=0.5)
    Path("in/bad.wav").write_bytes(b"RIFF")
    status, out, err = sotto("encode", "-r", "in", "-o", "coded", "--dask", "local:1")
    assert status == 1
    assert "sotto: bad.wav: " in err
    assert out.splitlines()[-1].startswith("2 done, 1 failed, in ")
    status, out, _ = sotto("decode", "-r", "coded", "-o", "decoded", "--dask", "local:1", "--json", "-f")
    assert status == 0
    *rows, total = map(json.loads, out.splitlines())
    assert sorted(row["path"] for row in rows) == ["a.sotto", "deep/b.sotto"]
    assert (total["total"]["done"], total["total"]["seconds"]) == (2, 1.5)
    assert Path("decoded/deep/b.wav").stat().st_size == 44 + 2 * 8000
