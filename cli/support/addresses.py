"""The address of this machine on its network, and how a phone gets it."""

import io
import socket
import sys
from contextlib import suppress

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of documentation (RFC 5737, RFC 3849): nothing is sent there."""


def own_addresses() -> list[str]:
    """Return the addresses from which this machine would reach others, without sending anything."""
    found = []
    for family, elsewhere in _ELSEWHERE.items():
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found.append(probe.getsockname()[0])
    return [one for one in found if not one.startswith(("127.", "::1", "fe80"))]


def qr_code(address: str) -> str:
    """Return an address as a QR code of block characters; empty without segno, or where output is no terminal."""
    if not sys.stdout.isatty():
        return ""
    try:
        import segno
    except ImportError:
        return ""
    text = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out=text, compact=True)
    return text.getvalue().rstrip("\n")
