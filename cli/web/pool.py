"""Work in threads, so that the server answers meanwhile: not too much at once, and not too much waiting."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from sottovoce.cli.web.answers import HttpError
from sottovoce.codec.progress import Tick

Result = TypeVar("Result")

_LOOK = 0.5  # seconds between looks at whether somebody still waits for the result


class Pool:
    """Threads that code.

    Parameters
    ----------
    jobs, waiting : int
        How many work at once, and how many more may wait or be uploaded.
    """

    def __init__(self, jobs: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(jobs, "coding")
        self._room = jobs + waiting

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place for a request, from its upload to the end of its work.

        Raises
        ------
        HttpError
            When there is none.
        """
        if not self._room:
            raise HttpError(503, "the server is busy", "try again in a minute")
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1

    async def run(self, request: Request, work: Callable[[Tick], Result]) -> Result:
        """Return what `work` does, unless whoever asked goes away: then it ends at its next tick.

        Parameters
        ----------
        request : Request
            Its body has been read.
        work : callable
            Takes what it is to call now and then.
        """
        unwanted = threading.Event()

        def tick(seconds: float, total: float | None) -> None:
            if unwanted.is_set():
                raise ClientDisconnect

        future = asyncio.get_running_loop().run_in_executor(self._threads, work, tick)
        future.add_done_callback(_looked_at)
        try:
            while not (await asyncio.wait([future], timeout=_LOOK))[0]:
                if await request.is_disconnected():
                    raise ClientDisconnect
            return future.result()
        finally:
            unwanted.set()

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _looked_at(future: asyncio.Future) -> None:
    if not future.cancelled():
        future.exception()  # nobody else may be left to do it
