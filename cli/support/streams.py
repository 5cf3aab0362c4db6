"""Standard streams, whatever the program that starts this one made of them."""

import contextlib
import os
import sys


def settle() -> None:
    """Open closed streams, and let names that the locale cannot write be escaped instead of ending the command.

    A file that is opened later would get the number of a closed stream, and what a library writes to that stream would
    go into the file. Closed input and output stay None in `sys`: where they are asked for with "-", that is an error.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, mode)  # gets the lowest number that is free, which is this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # open to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
