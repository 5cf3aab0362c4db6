"""Work spread over processes, in order, that ends cleanly when it is interrupted."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from sottovoce.codec.errors import SottoError

Task = TypeVar("Task")
Result = TypeVar("Result")

_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} if hasattr(signal, "pthread_sigmask") else set()
_ATTEMPTS = 3
_PATIENCE = 2.0  # seconds for a process to clean up


def cores() -> int:
    """Return how many processes make sense here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    workers: int,
    died: Callable[[Task], Result] | None = None,
) -> Iterator[Result]:
    """Yield ``work(task)`` of all tasks in their order.

    Parameters
    ----------
    work : callable
        Importable by name (or a partial of such a function), as it travels to other processes.
    tasks : iterable
        Its arguments.
    workers : int
        Processes; with one it all happens here.
    died : callable, optional
        Returns the result of a task whose process died twice, as when it needs more memory than there is. What other
        processes were doing goes on in new ones. By default that is an error.
    """
    if workers == 1:
        yield from map(work, tasks)
        return
    tasks = list(tasks)
    pool = _Pool(work, workers)
    try:
        futures = pool.submit(tasks)
        for number, task in enumerate(tasks):
            try:
                result = futures[number].result()
            except BrokenProcessPool as error:
                pool.close()
                result = _alone(work, task, died, error)
                pool = _Pool(work, workers)
                rest = [other for other in range(number + 1, len(tasks)) if not _finished(futures[other])]
                for other, future in zip(rest, pool.submit([tasks[other] for other in rest]), strict=True):
                    futures[other] = future
            yield result
    except BaseException:
        _end_workers()
        raise
    finally:
        pool.close()


class _Pool(Generic[Task, Result]):
    """Processes that work.

    They are spawned and not forked: the same everywhere, and safe beside the threads of numerical libraries.
    """

    def __init__(self, work: Callable[[Task], Result], workers: int) -> None:
        self._work = partial(_interruptible, work)
        self._executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)

    def submit(self, tasks: Sequence[Task]) -> list[Future[Result]]:
        """Begin tasks; where processes die meanwhile, the futures tell."""
        with _signals_waiting():
            return [self._submit(task) for task in tasks]

    def _submit(self, task: Task) -> Future[Result]:
        try:
            return self._executor.submit(self._work, task)
        except BrokenProcessPool as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    def close(self) -> None:
        """End the processes when they have finished what they are doing."""
        self._executor.shutdown(cancel_futures=True)


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Give a pool of processes, which end when something goes wrong inside."""
    pool = _Executor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise SottoError("a worker process died", "try again with fewer of them: -j 1") from error
    except BaseException:
        _end_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Executor(ProcessPoolExecutor):
    """Starts its processes where no signal disturbs them."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Begin a task."""
        with _signals_waiting():
            return super().submit(fn, *args, **kwargs)


def _alone(
    work: Callable[[Task], Result], task: Task, died: Callable[[Task], Result] | None, error: BrokenProcessPool
) -> Result:
    """Return the result of a task, in a process of its own: another one's may have been the one that died."""
    pool = _Pool(work, 1)
    try:
        return pool.submit([task])[0].result()
    except BrokenProcessPool:
        if died is None:
            raise SottoError("a worker process died", "try again with fewer of them: -j 1") from error
        return died(task)
    finally:
        pool.close()


def _finished(future: Future[Result]) -> bool:
    return future.done() and not future.cancelled() and not isinstance(future.exception(), BrokenProcessPool)


def _end_workers() -> None:
    """End the processes; one that was where it cannot be interrupted is asked again."""
    for _ in range(_ATTEMPTS):
        processes = multiprocessing.active_children()
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_PATIENCE)


@contextmanager
def _signals_waiting() -> Iterator[None]:
    """Let signals wait until the end: interrupted while it is being started, a process would print a traceback.

    The processes begin with signals waiting, too: see `_begin`.
    """
    if not _SIGNALS:
        yield
        return
    resource_tracker.ensure_running()  # it would let signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the first one ends the others
    for number in _SIGNALS - {signal.SIGINT} or {signal.SIGTERM}:
        signal.signal(number, _terminate)
    if _SIGNALS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End when the first process has ended without a word, as when it was killed: nobody would hand out work again."""
    first = multiprocessing.parent_process()
    if first:
        first.join()
        os._exit(1)


_busy = False
"""Whether a task is being worked on in this process."""
_ended = 0.0
"""When a signal came."""


def _terminate(number: int, frame: object) -> None:
    global _ended
    if not _busy:
        os._exit(1)
    if time.monotonic() - _ended < _PATIENCE / 2:
        return  # from the group and from the first process: the second would end the cleaning up after the first
    _ended = time.monotonic()
    sys.exit(128 + number)


def _interruptible(work: Callable[[Task], Result], task: Task) -> Result:
    global _busy
    _busy = True
    try:
        return work(task)
    except SystemExit:
        os._exit(1)  # all is cleaned up; the pool would only hand out the next task
    finally:
        _busy = False
