"""How many threads the matrix products of encoding and decoding use: one, as more cost time at their sizes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""By these a user asks for a number of threads, which is then left as it is."""


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # looks which BLAS is loaded, when there is one

    return ThreadpoolController()


@contextmanager
def single_thread() -> Iterator[None]:
    """Limit the threads of BLAS to one inside; as a decorator, while a function runs."""
    if any(name in os.environ for name in VARIABLES):
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield
