"""sotto serve."""

import ipaddress
import webbrowser
from contextlib import suppress

import click

from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.codec.errors import SottoError

EXTRA = ("starlette", "uvicorn", "websockets", "anyio")
"""Packages of the extra [web]."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 means all.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 means any free one."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
def command(host: str, port: int, open_browser: bool) -> None:
    """Serve a page to record, encode, decode and compare speech in your browser, and to hear yourself live.

    Only this machine can open it, unless you choose another host. Nothing is kept. Ctrl-C stops it.
    """
    console = Console()
    chosen_kernel(console)
    try:
        import websockets  # noqa: F401  # uvicorn does without, and then there is nothing live

        from sottovoce.cli.web.server import listen, serve
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in EXTRA:
            raise
        raise SottoError(f"serving needs {missing}", "pip install 'sottovoce[web]'") from error
    with listen(host, port) as taken, suppress(KeyboardInterrupt):  # which is how it is meant to end
        name, port = taken.getsockname()[:2]
        where = ipaddress.ip_address(name.partition("%")[0])
        called = "localhost" if where.is_unspecified else f"[{host}]" if ":" in host else host
        address = f"http://{called}:{port}/"
        if not where.is_loopback:
            console.warn(address, "whoever reaches this machine can use it, and nothing is encrypted")
        console.result(f"{address}  (Ctrl-C stops)")
        if open_browser:
            webbrowser.open(address)  # it is answered as soon as serving begins: the address is taken already
        serve(taken, host)
