"""What the server answers when something is wrong: JSON with one clear sentence, and what to do about it."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sottovoce.cli.support.failures import as_failure
from sottovoce.codec.bits import FormatError
from sottovoce.codec.errors import SottoError

Endpoint = Callable[[Request], Awaitable[Response]]

UNREADABLE = 422
"""Status of what the codec itself says of its input."""


class HttpError(Exception):
    """A request that the server doesn't serve.

    Parameters
    ----------
    status : int
        Of HTTP.
    reason, advice : str
        What is wrong, and what to do about it, in a few words.
    """

    def __init__(self, status: int, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.status = status
        self.reason = reason
        self.advice = advice


def answering(endpoint: Endpoint) -> Endpoint:
    """Let an endpoint raise what it likes: the one who asked reads it as JSON."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HttpError as refused:
            return refusal(refused.status, refused.reason, refused.advice)
        except HTTPException:
            raise
        except Exception as error:
            failure = as_failure(error)
            status = UNREADABLE if isinstance(error, SottoError | FormatError) else 500
            return refusal(status, failure.reason, failure.remedy)

    return answered


def refusal(status: int, reason: str, advice: str) -> JSONResponse:
    """Return the answer that tells it."""
    return JSONResponse({"error": reason, "advice": advice}, status)


async def unserved(request: Request, error: Exception) -> Response:
    """Answer for an address or a method that there isn't."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(status, "nothing is served here", "see the page itself")
