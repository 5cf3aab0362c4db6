"""Who may talk to the server: its own page, and programs; no other site that somebody has open in a browser."""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sottovoce.cli.web.answers import refusal

POLICY = "; ".join(
    (
        "default-src 'self'",
        "media-src 'self' blob:",  # what was recorded and decoded
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load: only itself. No script and no style may stand in it."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Guard:
    """Turns away requests from other sites, and tells browsers what the page may do.

    Parameters
    ----------
    app : ASGI application
    host : str
        The name that the server listens at. Beside it, it may be called localhost, by the machine's name, or by an
        address in figures: no foreign site can call itself so and point there (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        machine = socket.gethostname().lower()
        self._names = {"localhost", machine, f"{machine}.local", host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or turn it away."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        if not self._known(headers.get("host", "")):
            await _turn_away(
                scope, receive, guarded, "this server is not called so", "use localhost or its address in figures"
            )
        elif not _is_address(headers.get("origin", "")):
            await _turn_away(scope, receive, guarded, "the origin is not an address", "use the server's own page", 400)
        elif not _same(headers):
            await _turn_away(scope, receive, guarded, "asked for by another site", "use the server's own page")
        else:
            await self._app(scope, receive, guarded)

    def _known(self, host: str) -> bool:
        name = _name(host)
        return name in self._names or _in_figures(name)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _in_figures(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_address(origin: str) -> bool:
    try:
        urlsplit(origin)
    except ValueError:
        return False
    return True


def _same(headers: Headers) -> bool:
    """Tell whether a browser asks for the server's own page; programs don't say for whom they ask."""
    origin = headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == headers["host"].lower()


async def _turn_away(scope: Scope, receive: Receive, send: Send, reason: str, advice: str, status: int = 403) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
    else:
        await refusal(status, reason, advice)(scope, receive, send)
