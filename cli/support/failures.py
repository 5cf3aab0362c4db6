"""Errors as one line for the user, never a traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sottovoce.cli.support.text import one_line

if TYPE_CHECKING:  # the command line starts without it
    from sottovoce.codec.errors import SottoError


def as_failure(error: Exception, file: str = "") -> SottoError:
    """Return an exception as one that the user can read.

    An interruption that Python or a library wrapped into another error is raised as what it was. A broken pipe is
    raised again, because nobody reads the output any more, and so are unexpected errors when SOTTO_DEBUG is set.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt | SystemExit):
            raise cause
        cause = cause.__cause__
    from sottovoce.codec.errors import SottoError, error_context

    try:
        with error_context(file):
            raise error
    except SottoError as known:
        return known
    except BrokenPipeError:
        raise
    except Exception as unexpected:
        if os.environ.get("SOTTO_DEBUG"):
            raise
        what = " ".join(f"{type(unexpected).__name__}: {unexpected}".split())
        return SottoError(f"unexpected {what}", "please report it; SOTTO_DEBUG=1 shows where", file)


def as_line(error: Exception) -> str:
    """Return the line that the user reads about an exception."""
    return one_line(f"sotto: {as_failure(error)}")
