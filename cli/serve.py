"""sotto serve."""

import ipaddress
import socket
import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from sottovoce.cli.support.addresses import own_addresses, qr_code
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.codec.errors import SottoError

EXTRA = ("starlette", "uvicorn", "websockets", "anyio", "cryptography")
"""Packages of the extra [web]."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 means all.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 means any free one."
)
@click.option("--https", is_flag=True, help="Encrypt, with a certificate made here: for microphones of other machines.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
def command(host: str, port: int, https: bool, open_browser: bool) -> None:
    """Serve a page to record, encode, decode and compare speech in your browser, and to hear yourself live.

    Only this machine can open it, unless you choose another host. Browsers give pages of other machines the microphone
    only with --https; they ask once whether to trust the certificate. Nothing is kept. Ctrl-C stops it.

    \b
    sotto serve --open
    sotto serve --host 0.0.0.0 --https
    """
    console = Console()
    chosen_kernel(console)
    try:
        import websockets  # noqa: F401  # uvicorn does without, and then there is nothing live

        from sottovoce.cli.web.server import listen, serve

        if https:
            import cryptography  # noqa: F401
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in EXTRA:
            raise
        raise SottoError(f"serving needs {missing}", "pip install 'sottovoce[web]'") from error
    with listen(host, port) as taken, suppress(KeyboardInterrupt):  # which is how it is meant to end
        name, port = taken.getsockname()[:2]
        where = ipaddress.ip_address(name.partition("%")[0])
        called = "localhost" if where.is_unspecified else host
        scheme = "https" if https else "http"
        address = _address(scheme, called, port)
        others = own_addresses() if where.is_unspecified else [] if where.is_loopback else [host]
        certificate = _certificate({called, *others}, console) if https else None
        if not where.is_loopback:
            safe = "the link is encrypted" if https else "nothing is encrypted"
            console.warn(address, f"whoever reaches this machine can use it, and {safe}")
        console.result(f"{address}  (Ctrl-C stops)")
        if not where.is_loopback:
            _print_others([_address(scheme, one, port) for one in others], console, https=https)
        if open_browser:
            webbrowser.open(address)  # it is answered as soon as serving begins: the address is taken already
        serve(taken, host, certificate=certificate)


def _address(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"


def _print_others(addresses: list[str], console: Console, *, https: bool) -> None:
    """Print what other machines, such as a phone, open."""
    for address in addresses:
        console.result(f"{address}  (on other machines)")
    if addresses and (code := qr_code(addresses[0])):
        click.echo(code)
    if not https:
        console.note("browsers give the microphone to pages of other machines over https only: --https")


def _certificate(names: set[str], console: Console) -> Path:
    """Return the certificate for these names and those of this machine."""
    from platformdirs import user_data_path

    from sottovoce.cli.web.certificate import own_certificate

    machine = socket.gethostname().lower()
    every = {*names, "localhost", "127.0.0.1", machine, f"{machine}.local"}
    folder = user_data_path("sottovoce", appauthor=False)
    made = own_certificate(every, folder)
    console.note(
        "the certificate is made here, so browsers warn once; it is right if they show the SHA-256 fingerprint "
        f"{made.fingerprint}"
    )
    return made.path
