"""Distributes the tasks of a run over the workers of a Dask cluster."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from sottovoce.codec.corpus.manifest import Manifest, ManifestRow
from sottovoce.codec.corpus.work import Task, Work
from sottovoce.codec.errors import SottoError

BATCH_BYTES, BATCH_FILES = 16_000_000, 64
"""Sizes of inputs, and number of inputs, that a worker gets at a time: some seconds of work."""

TIMEOUT = 10.0
"""Seconds in which a scheduler answers."""

WAITING = 3
"""Batches for each thread of the cluster that are at the scheduler: enough that no worker waits for the client."""

GONE = "run the same command again: it goes on where this run stopped"


def batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Cut tasks into batches of about equal work, the largest first, so that no long one begins at the end."""
    batch: list[Task] = []
    size = 0
    for task in sorted(tasks, key=lambda task: (-task.size, task.path)):
        if batch and (size + task.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += task.size
    if batch:
        yield batch


@contextmanager
def connected(cluster: Any) -> Iterator[Any]:
    """Give a client of a cluster.

    Parameters
    ----------
    cluster : str or distributed.Client or distributed.Cluster
        Address of a scheduler, ``local:N`` for N processes on this machine, or what is there already.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise SottoError("distributed runs need the package dask", "pip install 'sottovoce[cluster]'") from error
    if isinstance(cluster, Client):
        yield cluster
        return
    kind, _, count = cluster.partition(":") if isinstance(cluster, str) else ("", "", "")
    if kind == "local":
        if not (count.isascii() and count.isdigit() and int(count) > 0):
            raise SottoError(f"{cluster!r} is no cluster", "give local:N with a number of processes, or an address")
        with (
            LocalCluster(n_workers=int(count), threads_per_worker=1, processes=True, dashboard_address=":0") as local,
            Client(local) as client,
        ):
            yield client
        return
    try:
        client = Client(cluster, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise SottoError(f"no scheduler answers at {cluster}", "check the address") from error
    with client:
        yield client


@contextmanager
def _answering() -> Iterator[None]:
    """Turn errors of the connection to the scheduler into a SottoError."""
    try:
        yield
    except OSError as error:
        raise SottoError("the scheduler is gone", GONE) from error


def run(
    tasks: Sequence[Task],
    work: Work,
    client: Any,
    manifest: Manifest,
    report: Callable[[ManifestRow], None],
) -> None:
    """Convert recordings on the workers of a cluster, and add their rows to the manifest.

    A batch whose worker died goes to another one, by Dask. Recordings on which workers die again and again are tried
    one by one, so that only those fail which are the reason.

    Parameters
    ----------
    tasks : sequence of Task
    work : callable
        Converts recordings on a worker.
    client : distributed.Client
    manifest : Manifest
    report : callable
        Called with each row.

    Raises
    ------
    SottoError
        When the scheduler is gone.
    """
    from distributed import as_completed

    waiting = deque(batches(tasks))
    pending: dict[Any, list[Task]] = {}
    completed = as_completed(loop=client.loop)

    def fill() -> None:
        with _answering():
            most = WAITING * max(1, sum(client.nthreads().values()))
            while waiting and len(pending) < most:
                batch = waiting.popleft()
                future = client.submit(work, batch, key=f"sotto-{uuid4().hex}")
                pending[future] = batch
                completed.add(future)

    try:
        fill()
        while pending:
            with _answering():
                future = next(completed)
            batch = pending.pop(future)
            rows = _rows(future, batch)
            if not rows:
                waiting.extendleft([task] for task in batch)
            manifest.add(rows)
            for row in rows:
                report(row)
            fill()
    finally:
        with suppress(Exception):
            client.cancel(list(pending))


def _rows(future: Any, batch: Sequence[Task]) -> list[ManifestRow]:
    """Return the rows of a batch that has ended, or none if its recordings are to be tried one by one."""
    if future.status == "finished":
        rows: list[ManifestRow] = future.result()
        return rows
    if future.status in ("cancelled", "lost"):
        raise SottoError("the scheduler is gone", GONE)
    if len(batch) > 1:
        return []
    what = " ".join(str(future.exception()).split())
    return [ManifestRow(batch[0].path, batch[0].output, "failed", f"its worker died or failed: {what}")]
