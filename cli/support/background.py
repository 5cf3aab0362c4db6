"""Work in threads that goes on until the user stops it."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

REFRESH_SECONDS = 0.2
"""Seconds between two calls of `show`."""

SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that end the work as Ctrl-C does, but with an exit status of their own."""


class Ending:
    """How background work ended.

    Attributes
    ----------
    status : int
        Exit status: 0 after Ctrl-C or when a worker returned, 128 + n after signal n.
    error : BaseException or None
        The first exception of a worker.
    """

    def __init__(self) -> None:
        self.status = 0
        self.error: BaseException | None = None

    def result(self) -> int:
        """Return the exit status.

        Raises
        ------
        BaseException
            The first exception of a worker. Call this when all files are finished, so that they are kept.
        """
        if self.error:
            raise self.error
        return self.status


def run_until_stopped(
    workers: Sequence[Callable[[threading.Event], None]], show: Callable[[], None], begun: Callable[[], None]
) -> Ending:
    """Run workers in threads until Ctrl-C, SIGTERM or SIGHUP, or until one of them has ended.

    Parameters
    ----------
    workers : sequence of callable
        Each is called with an event and returns soon after that is set.
    show : callable
        Called several times a second, and at the end.
    begun : callable
        Called when the workers have been started.

    Returns
    -------
    Ending
        All workers have returned by then: a thread that outlives the interpreter would abort the process.
    """
    stop = threading.Event()
    ending = Ending()

    def run(worker: Callable[[threading.Event], None]) -> None:
        try:
            worker(stop)
        except BaseException as error:
            ending.error = ending.error or error
        finally:
            stop.set()

    threads = [threading.Thread(target=run, args=(worker,), daemon=True) for worker in workers]
    with _stopped_by_signals(stop, ending):
        try:
            for thread in threads:
                thread.start()
            begun()
            while not stop.wait(REFRESH_SECONDS):
                show()
        except KeyboardInterrupt:
            pass  # the usual way to end it
        finally:
            stop.set()
            for thread in threads:
                if thread.ident:
                    thread.join()
        show()
    return ending


@contextmanager
def _stopped_by_signals(stop: threading.Event, ending: Ending) -> Iterator[None]:
    """Let `SIGNALS` set the event and the exit status inside."""

    def handle(number: int, frame: object) -> None:
        ending.status = 128 + number
        stop.set()

    before = {}
    try:
        for one in SIGNALS:
            before[one] = signal.signal(one, handle)
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
