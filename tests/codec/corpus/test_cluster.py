"""Distributed runs: every recording once, also when something dies on the way."""

import functools
import hashlib
import http.server
import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.processes import LIMIT, wait_until

from sottovoce import corpus
from sottovoce.codec import Codec, SottoError
from sottovoce.codec.corpus import engine, manifest, work
from sottovoce.codec.corpus.work import Task

pytestmark = pytest.mark.usefixtures("toy")
SECONDS = {"a.wav": 1.0, "deep/b.flac": 0.5, "deep/c.wav": 2.0, "deep/er/d.ogg": 0.2}


@pytest.fixture
def recordings(wav) -> str:
    for name, seconds in SECONDS.items():
        wav(f"in/{name}", seconds=seconds)
    Path("in/notes.txt").write_text("x")
    return "in"


def rows(folder: str = "out") -> list[dict]:
    pq = pytest.importorskip("pyarrow.parquet")
    return pq.read_table(f"{folder}/manifest.parquet").to_pylist()


def outputs(folder: str = "out") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.sotto"))


def test_every_recording_has_an_output_and_a_row(client, recordings):
    seen: list[corpus.ManifestRow] = []
    result = corpus.encode(recordings, "out", cluster=client, report=seen.append)
    assert (result.done, result.failed, result.skipped, result.seconds) == (4, 0, 0, pytest.approx(3.7))
    assert outputs() == ["a.sotto", "deep/b.sotto", "deep/c.sotto", "deep/er/d.sotto"]
    found = rows()
    assert [row["path"] for row in found] == sorted(SECONDS) == sorted(row.path for row in seen)
    for row in found:
        data = Path("out", row["output"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest() and row["bytes"] == len(data)
        assert (row["status"], row["books"], row["steps"]) == ("done", 3, math.ceil(25 * SECONDS[row["path"]]))
        assert row["model"] == Codec.load().model.id.hex()
    assert sum(row["bytes"] for row in found) == result.bytes
    assert not list(Path("out/manifest").glob("*.parquet"))


def test_decoding_gives_the_samples_of_the_codec(client, recordings, sotto_decoded):
    corpus.encode(recordings, "out", cluster=client)
    result = corpus.decode("out", "decoded", cluster=client, seed=5)
    assert (result.done, result.failed) == (4, 0)
    for name in outputs():
        expected = sotto_decoded(Path("out", name).read_bytes(), seed=5)
        assert Path("decoded", name).with_suffix(".wav").read_bytes()[44:] == expected


@pytest.fixture
def sotto_decoded():
    def decoded(data: bytes, seed: int) -> bytes:
        return (Codec.load().decode(data, seed=seed) * 32768).astype("<i2").tobytes()

    return decoded


def test_a_second_run_has_nothing_to_do(client, recordings, monkeypatch):
    corpus.encode(recordings, "out", cluster=client)
    monkeypatch.setattr(engine, "run", None)
    result = corpus.encode(recordings, "out", cluster="local:1")  # is not started
    assert (result.done, result.skipped) == (0, 4)


def test_a_run_goes_on_where_it_was_stopped(client, recordings, monkeypatch):
    monkeypatch.setattr(engine, "BATCH_FILES", 1)
    monkeypatch.setenv("STUB_TRACE", os.path.abspath("trace"))

    def stop(row: corpus.ManifestRow) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.encode(recordings, "out", cluster=client, report=stop)
    wait_until(lambda: not any(client.processing().values()))
    assert 1 <= len(outputs()) <= 4 and not Path("out/manifest.parquet").exists()
    result = corpus.encode(recordings, "out", cluster=client)
    assert result.done + result.skipped == 4 and result.skipped >= 1
    assert [row["path"] for row in rows()] == sorted(SECONDS)
    pieces = sum(-(-seconds // 1) for seconds in SECONDS.values())
    assert Path("trace").stat().st_size <= pieces + 4  # none was encoded twice


def test_an_output_without_a_row_is_not_made_again(client, recordings, monkeypatch):
    corpus.encode(recordings, "out", cluster=client)
    before = {name: Path("out", name).stat().st_ino for name in outputs()}
    table = rows()
    store = manifest.Store("out")
    settings = manifest.Manifest(store, _settings(), force=False)
    assert len(settings.rows) == len(table)
    Path("out/manifest.parquet").unlink()
    manifest.Manifest(store, _settings())  # as a client leaves it that died at once
    Path("out/a.sotto").write_bytes(Path("out/a.sotto").read_bytes()[:-5])  # is not complete
    result = corpus.encode(recordings, "out", cluster=client)
    assert (result.done, rows()) == (4, table)
    after = {name: Path("out", name).stat().st_ino for name in outputs()}
    assert [name for name in before if before[name] != after[name]] == ["a.sotto"]


def _settings() -> dict:
    codec = Codec.load()
    return {
        "do": "encode",
        "model": codec.model.id.hex(),
        "preset": "default",
        "dtx": False,
        "protect": 0,
        "tags": "",
        "carry_tags": True,
    }


def test_other_settings_are_refused_and_force_begins_anew(client, recordings):
    corpus.encode(recordings, "out", cluster=client)
    with pytest.raises(SottoError, match="other settings"):
        corpus.encode(recordings, "out", cluster=client, preset="low")
    result = corpus.encode(recordings, "out", cluster=client, preset="low", force=True)
    assert result.done == 4 and {row["books"] for row in rows()} == {1}


def test_outputs_of_something_else_are_not_replaced(client, recordings):
    Path("out/deep").mkdir(parents=True)
    Path("out/deep/b.sotto").write_bytes(b"mine")
    with pytest.raises(SottoError, match=r"deep/b\.sotto, and no manifest"):
        corpus.encode(recordings, "out", cluster=client)
    assert Path("out/deep/b.sotto").read_bytes() == b"mine"


def test_failures_are_rows_and_are_tried_by_the_next_run(client, recordings, wav):
    Path("in/bad.wav").write_bytes(b"RIFF")
    wav("in/a.flac", seconds=0.1)
    result = corpus.encode(recordings, "out", cluster=client)
    assert (result.done, result.failed) == (3, 3)
    failed = {row["path"]: row["message"] for row in rows() if row["status"] == "failed"}
    assert set(failed) == {"a.flac", "a.wav", "bad.wav"}
    assert failed["a.wav"] == "has the same output as another recording; rename one"
    os.remove("in/a.flac")
    wav("in/bad.wav", seconds=0.3)
    result = corpus.encode(recordings, "out", cluster=client)
    assert (result.done, result.failed, result.skipped) == (2, 0, 3)
    assert {row["status"] for row in rows() if row["path"] != "a.flac"} == {"done"}


def test_errors_of_a_store_are_tried_again(monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0)
    calls = []

    def flaky(task: Task) -> corpus.ManifestRow:
        calls.append(task)
        if len(calls) < 3:
            raise OSError("connection reset")
        return corpus.ManifestRow(task.path, task.output)

    assert work.tried(flaky, Task("a", "b"), 3).status == "done"
    calls.clear()
    row = work.tried(flaky, Task("a", "b"), 1)
    assert (row.status, row.message, len(calls)) == ("failed", "OSError: connection reset", 2)


def test_a_store_in_memory(client, recordings):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in SECONDS:
        memory.pipe_file(f"/corpus-in/{name}", Path("in", name).read_bytes())
    try:
        result = corpus.encode("memory://corpus-in", "memory://corpus-out", cluster=client)
        assert (result.done, result.failed) == (4, 0)
        codec = Codec.load()
        with memory.open("/corpus-out/deep/c.sotto") as file:
            assert len(codec.decode(file.read())) == 32000
        assert corpus.encode("memory://corpus-in", "memory://corpus-out", cluster=client).skipped == 4
    finally:
        for folder in ("/corpus-in", "/corpus-out"):
            memory.rm(folder, recursive=True)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(in_folder) -> Iterator[str]:
    pytest.importorskip("aiohttp")
    handler = functools.partial(Quiet, directory=str(in_folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()


def test_a_folder_of_a_web_server(client, recordings, server):
    result = corpus.encode(f"{server}/in", "out", cluster=client)
    assert (result.done, result.failed) == (4, 0)
    assert outputs() == ["a.sotto", "deep/b.sotto", "deep/c.sotto", "deep/er/d.sotto"]


@pytest.mark.parametrize("source", ["nothing-here", "memory://nothing-here", "nosuchthing://x"])
def test_folders_that_are_not_there(client, in_folder, source):
    with pytest.raises(SottoError):
        corpus.encode(source, "out", cluster=client)


@pytest.mark.parametrize("cluster", ["local:", "local:x", "local:0", "tcp://127.0.0.1:9"])
def test_clusters_that_are_not_there(recordings, cluster, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(engine, "TIMEOUT", 0.5)
    with pytest.raises(SottoError):
        corpus.encode(recordings, "out", cluster=cluster)


def test_a_worker_dies(recordings, monkeypatch):
    """Its batch is done by another one; each recording has one row and its own output."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(engine, "BATCH_FILES", 1)
    monkeypatch.setenv("STUB_GATE", os.path.abspath("gate"))
    done: list[corpus.RunSummary] = []
    with (
        distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        thread = threading.Thread(target=lambda: done.append(corpus.encode(recordings, "out", cluster=client)))
        thread.start()
        wait_until(lambda: sum(map(len, client.processing().values())) >= 2)
        pids = client.run(os.getpid)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        Path("gate").touch()
        thread.join(LIMIT)
    (result,) = done
    assert (result.done, result.failed) == (4, 0)
    assert [row["path"] for row in rows()] == sorted(SECONDS)
    codec = Codec.load()
    assert [len(codec.decode(Path("out", name).read_bytes())) for name in outputs()] == [16000, 8000, 32000, 3200]


def test_batches_are_of_about_equal_size(monkeypatch):
    monkeypatch.setattr(engine, "BATCH_BYTES", 100)
    monkeypatch.setattr(engine, "BATCH_FILES", 3)
    tasks = [Task(str(size), "", size) for size in (5, 300, 60, 50, 4, 3, 2, 1)]
    found = [[task.size for task in batch] for batch in engine.batches(tasks)]
    assert found == [[300], [60], [50, 5, 4], [3, 2, 1]]
    assert not list(engine.batches([]))


class Failed:
    """A future of a batch on which workers died."""

    status = "error"

    def exception(self) -> Exception:
        return RuntimeError("killed\n4 times")


def test_recordings_that_kill_workers_are_found():
    tasks = [Task("a", "a.sotto"), Task("b", "b.sotto")]
    assert engine._rows(Failed(), tasks) == []  # are tried one by one
    (row,) = engine._rows(Failed(), tasks[:1])
    assert (row.path, row.status, row.message) == ("a", "failed", "its worker died or failed: killed 4 times")
