"""Work spread over processes, in order, that ends cleanly when it is interrupted."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TypeVar

from sottovoce.codec.errors import SottoError

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many processes make sense here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(work: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Iterator[Result]:
    """Yield ``work(task)`` of all tasks in their order.

    Parameters
    ----------
    work : callable
        Importable by name (or a partial of such a function), as it travels to other processes.
    tasks : iterable
        Its arguments.
    workers : int
        Processes; with one it all happens here.
    """
    if workers == 1:
        yield from map(work, tasks)
        return
    # Spawned and not forked: the same everywhere, and safe beside the threads of numerical libraries.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        try:
            for future in [pool.submit(partial(_interruptible, work), task) for task in tasks]:
                yield future.result()
        except BrokenProcessPool as error:
            raise SottoError("a worker process died", "try again with fewer of them: -j 1") from error
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the first one ends the others
    signal.signal(signal.SIGTERM, _terminate)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End when the first process has ended without a word, as when it was killed: nobody would hand out work again."""
    first = multiprocessing.parent_process()
    if first:
        first.join()
        os._exit(1)


def _terminate(number: int, frame: object) -> None:
    sys.exit(128 + number)


def _interruptible(work: Callable[[Task], Result], task: Task) -> Result:
    try:
        return work(task)
    except SystemExit:
        os._exit(1)  # all is cleaned up; the pool would only hand out the next task
