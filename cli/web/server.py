"""The server: its addresses, and how it runs."""

import errno
import mimetypes
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from sottovoce.cli.web.answers import unserved
from sottovoce.cli.web.coding import CodingService
from sottovoce.cli.web.guard import Guard
from sottovoce.cli.web.limits import Limits
from sottovoce.cli.web.live import Live
from sottovoce.cli.web.patience import patient_protocol
from sottovoce.codec.errors import SottoError, from_os_error
from sottovoce.codec.models import by_name

STATIC = Path(__file__).parent / "static"

_BUFFER = 1 << 16  # bytes that the system may hold for one who reads slowly
_PATIENCE = 30  # seconds that a connection may take nothing of what is sent
_PING = 5  # seconds between questions whether somebody is still there, and for the answer
_GRACE = 2  # seconds that what is under way gets when the server stops

mimetypes.add_type("text/javascript", ".js")  # some systems call it otherwise, and then browsers don't run it


def make_app(limits: Limits | None = None, host: str = "127.0.0.1") -> Starlette:
    """Make the application.

    Parameters
    ----------
    limits : Limits, optional
        What it takes.
    host : str
        The name that it is called by: see `Guard`.
    """
    limits = limits or Limits()
    model = by_name("default")
    coding = CodingService(model, limits)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        coding.close()

    return Starlette(
        routes=[
            *coding.routes(),
            WebSocketRoute("/api/live", Live(model, limits).serve),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ],
        middleware=[Middleware(Guard, host=host)],
        exception_handlers={HTTPException: unserved},
        lifespan=lifespan,
    )


def listen(host: str, port: int) -> socket.socket:
    """Take an address; port 0 is any that is free.

    Raises
    ------
    SottoError
        When there is no such address or it is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        taken = socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SottoError("address in use", "choose another --port, or 0 for any", f"{host}:{port}") from error
        if isinstance(error, socket.gaierror):
            raise SottoError("no such address", "give a name or an address of this machine", host) from error
        raise from_os_error(error, f"{host}:{port}") from error
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * _PATIENCE)
    return taken


def serve(taken: socket.socket, host: str, limits: Limits | None = None, *, certificate: Path | None = None) -> None:
    """Serve at an address until Ctrl-C; with a certificate (PEM, and its key) over HTTPS."""
    limits = limits or Limits()
    config = uvicorn.Config(
        make_app(limits, host),
        http=patient_protocol(limits),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=_GRACE,
        ws_max_size=limits.message,
        ws_max_queue=4,
        ws_ping_interval=_PING,
        ws_ping_timeout=_PING,
        ws_per_message_deflate=False,
        ssl_certfile=certificate,
        ssl_keyfile=certificate,
    )
    uvicorn.Server(config).run(sockets=[taken])
