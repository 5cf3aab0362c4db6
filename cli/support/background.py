"""Work that goes on in threads until the user stops it."""

import threading
from collections.abc import Callable, Sequence

SHOW_SECONDS = 0.2


def run_until_stopped(
    workers: Sequence[Callable[[threading.Event], None]], show: Callable[[], None], begun: Callable[[], None]
) -> None:
    """Run workers beside each other until Ctrl-C, or until one of them has ended.

    Parameters
    ----------
    workers : sequence of callable
        Each is given an event and returns soon after that is set.
    show : callable
        Called several times a second.
    begun : callable
        Called when Ctrl-C will end it.

    Raises
    ------
    Exception
        The first that a worker raised, when all have ended.
    """
    stop = threading.Event()
    errors: list[BaseException] = []

    def work(worker: Callable[[threading.Event], None]) -> None:
        try:
            worker(stop)
        except BaseException as error:
            errors.append(error)
        finally:
            stop.set()

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        begun()
        while not stop.wait(SHOW_SECONDS):
            show()
    except KeyboardInterrupt:
        pass  # this is how it is meant to end
    finally:
        stop.set()
        for thread in threads:
            if thread.ident:
                thread.join(timeout=3)
    if errors:
        raise errors[0]
