"""What is uploaded, with its limits enforced while it comes."""

import asyncio
import tempfile
from typing import BinaryIO

from starlette.requests import Request

from sottovoce.cli.web.answers import HttpError
from sottovoce.cli.web.limits import Limits
from sottovoce.models.audio.reader import AudioReader, TooLong

TOO_LARGE = 413


async def uploaded(request: Request, limit: int, limits: Limits) -> BinaryIO:
    """Read the body of a request into a temporary file.

    Raises
    ------
    HttpError
        When it has more than `limit` bytes, of which no more is read, when nothing comes for some seconds, or when it
        takes too long.
    """
    patience = limits.idle
    if int(request.headers.get("content-length") or 0) > limit:
        raise _too_many(limit)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by who works with it, maybe after all others are gone
    try:
        size = 0
        clock = asyncio.get_running_loop().time
        end = clock() + limits.upload
        async with asyncio.timeout(patience) as timeout:
            async for piece in request.stream():
                timeout.reschedule(min(clock() + patience, end))
                size += len(piece)
                if size > limit:
                    raise _too_many(limit)
                file.write(piece)
        file.seek(0)
    except TimeoutError:
        file.close()
        what = "it took too long" if clock() >= end else f"nothing came for {patience:g} seconds"
        raise HttpError(408, what, "send it again") from None
    except BaseException:
        file.close()
        raise
    return file


def opened(file: BinaryIO, sample_rate: int, limits: Limits) -> AudioReader:
    """Open a recording that is not too long: few bytes can be hours, of which no more than the limit is decoded."""
    try:
        return AudioReader(file, sample_rate, most_seconds=limits.seconds)
    except TooLong:
        raise _too_long(limits) from None


def allow(seconds: float, limits: Limits) -> None:
    """Refuse speech that is too long."""
    if seconds > limits.seconds:
        raise _too_long(limits)


def _too_long(limits: Limits) -> HttpError:
    return HttpError(TOO_LARGE, f"more than {_time(limits.seconds)} of speech", "cut it, or use `sotto` in a terminal")


def _too_many(limit: int) -> HttpError:
    return HttpError(
        TOO_LARGE, f"a file of more than {_size(limit)}", "give a shorter one, or use `sotto` in a terminal"
    )


def _size(count: int) -> str:
    return f"{count / (1 << 20):g} MiB" if count >= 1 << 20 else f"{count / (1 << 10):g} KiB"


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds > 60 else f"{seconds:g} seconds"
