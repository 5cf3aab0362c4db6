"""A distributed run in which workers die and the client stops: is every recording there once, and how fast is it?

    python benchmarks/corpus.py "$SOTTO_SPEECH/train" [FILES] [WORKERS] | tee docs/benchmarks/corpus.txt

Encodes a copy of some recordings on local processes, first with one and then with several workers, and then with
several of which one is killed every 20 s, and whose client stops once. The last lines count the rows and outputs.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from distributed import Client, LocalCluster

from sottovoce import corpus

KILL_SECONDS = 20.0
SUFFIXES = {".wav", ".flac", ".opus", ".ogg"}


class Stopped(Exception):
    """The client stops."""


def timed(source: Path, output: Path, workers: int, trouble: Callable[[Client], None] | None = None) -> float:
    """Encode a folder, going on after the client stopped, and print how fast that was."""
    runs, half = 0, len(list(source.iterdir())) // 2
    with (
        LocalCluster(workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        client.run(corpus.encode.__class__)  # workers have started
        start = time.perf_counter()
        if trouble:
            threading.Thread(target=trouble, args=(client,), daemon=True).start()
        seconds, seen = 0.0, 0

        def report(row: corpus.ManifestRow) -> None:
            nonlocal seconds, seen
            seconds, seen = seconds + row.seconds, seen + 1
            if trouble and runs == 1 and seen == half:
                raise Stopped

        while True:
            runs += 1
            try:
                result = corpus.encode(str(source), str(output), cluster=client, report=report)
                break
            except Stopped:
                print(f"the client stopped after {seen} files", flush=True)
        elapsed = time.perf_counter() - start
    rate = seconds / elapsed
    print(
        f"{workers} workers: {result.done} done in the last of {runs} runs, {result.skipped} skipped, {result.failed} "
        f"failed, {elapsed:.1f} s, {rate:.0f} x real time",
        flush=True,
    )
    return rate


def kill_workers(client: Client) -> None:
    """Kill a worker from time to time."""
    killed = 0
    while client.status == "running":
        time.sleep(KILL_SECONDS)
        try:
            pid = random.choice(list(client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            continue
        killed += 1
        print(f"killed {killed}", flush=True)


def main() -> None:
    """Run all three, and count."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    random.seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "in")
        source.mkdir()
        for number in range(count):
            path = files[number % len(files)]
            shutil.copy(path, source / f"{number:06d}{path.suffix}")
        rates = [timed(source, Path(scratch, f"{n}"), n) for n in (1, workers)]
        print(f"{workers} workers encode {rates[1] / rates[0]:.2f} times as fast as one")
        timed(source, Path(scratch, "killed"), workers, kill_workers)
        rows = pq.read_table(Path(scratch, "killed", "manifest.parquet")).to_pylist()
        outputs = {path.name for path in Path(scratch, "killed").glob("*.sotto")}
        same = sum(
            Path(scratch, "killed", name).read_bytes() == Path(scratch, "1", name).read_bytes() for name in outputs
        )
        most = max(Counter(row["path"] for row in rows).values())
        done = sum(row["status"] == "done" for row in rows)
        print(f"{count} recordings: {len(rows)} rows, at most {most} of each, {done} done; {len(outputs)} outputs,")
        print(f"{same} of them the same bytes as without trouble")


if __name__ == "__main__":
    main()
