"""`sotto serve` as a command."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, suppress
from urllib.request import urlopen

import httpx2
import pytest
from helpers.commands import SOTTO
from helpers.processes import LIMIT, start

from sottovoce.cli.support import addresses
from sottovoce.cli.web.certificate import own_certificate


@pytest.fixture
def running(toy):
    """Starts it; gives the process and its address."""
    processes = []

    def run(*arguments):
        command = [*SOTTO, "serve", "--port", "0", *arguments]
        process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process, process.stdout.readline()

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent differently there")
def test_serves_until_ctrl_c(running):
    process, line = running()
    address = re.fullmatch(r"(http://127\.0\.0\.1:\d+/)  \(Ctrl-C stops\)\n", line).group(1)
    assert "<title>sottovoce</title>" in httpx2.get(address).text
    assert httpx2.get(address, headers={"Host": "evil.example"}).status_code == 403
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent differently there")
def test_ctrl_c_doesnt_wait_for_what_is_under_way(running, monkeypatch):
    monkeypatch.setenv("STUB_SLOWNESS", "1")
    process, line = running()
    with socket.create_connection(("127.0.0.1", int(re.search(r":(\d+)/", line).group(1)))) as idle:
        idle.sendall(b"POST /api/encode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)
    assert process.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="addresses are shared differently there")
def test_where_others_can_come(running):
    process, line = running("--host", "0.0.0.0")
    assert re.fullmatch(r"http://localhost:\d+/  \(Ctrl-C stops\)\n", line)
    port = int(re.search(r":(\d+)/", line).group(1))
    assert httpx2.get(f"http://127.0.0.1:{port}/").status_code == 200
    process.terminate()
    _, err = process.communicate(timeout=LIMIT)
    warning = f"warning: http://localhost:{port}/: whoever reaches this machine can use it, and nothing is encrypted\n"
    assert err == warning + "note: browsers give the microphone to pages of other machines over https only: --https\n"
    assert process.returncode == 143


@pytest.mark.skipif(not hasattr(os, "fork"), reason="addresses are shared differently there")
def test_https_with_a_certificate_of_its_own(running, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    _, line = running("--https")
    address = re.fullmatch(r"(https://127\.0\.0\.1:\d+/)  \(Ctrl-C stops\)\n", line).group(1)
    pem = tmp_path / "sottovoce" / "certificate.pem"
    assert pem.stat().st_mode & 0o077 == 0
    trusting = ssl.create_default_context(cafile=str(pem))
    assert "<title>sottovoce</title>" in httpx2.get(address, verify=trusting).text


def test_certificate_is_kept_and_made_anew_for_other_names(tmp_path):
    first = own_certificate(["localhost", "192.0.2.7"], tmp_path)
    assert own_certificate(["localhost"], tmp_path) == first
    assert own_certificate(["localhost", "192.0.2.8"], tmp_path) != first
    assert re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", first.fingerprint)


def test_qr_code_and_addresses(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "█" in addresses.qr_code("http://192.0.2.7:8765/")
    assert not any(one.startswith("127.") for one in addresses.own_addresses())


def test_an_address_in_use(sotto):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, out, err = sotto("serve", "--port", str(port))
    assert (status, out) == (2, "")
    assert err == f"sotto: 127.0.0.1:{port}: address in use; choose another --port, or 0 for any\n"


def test_no_such_address(sotto):
    status, _, err = sotto("serve", "--host", "no.such.host.invalid")
    assert (status, err) == (
        2,
        "sotto: no.such.host.invalid: no such address; give a name or an address of this machine\n",
    )


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "websockets"])
def test_what_is_missing_is_named(sotto, monkeypatch, package):
    for name in [name for name in sys.modules if name.startswith(("sottovoce.cli.web", f"{package}."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    status, _, err = sotto("serve")
    assert (status, err) == (2, f"sotto: serving needs {package}; pip install 'sottovoce[web]'\n")


def test_connections_that_ask_for_nothing_are_closed(starting):
    server = starting(hello=0.5, per_address=3)
    start = b"POST /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-"
    with ExitStack() as files:
        silent = [files.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(3)]
        silent[1].sendall(start)
        silent[2].sendall(b"\x16\x03\x01")
        for one in silent:
            one.settimeout(LIMIT)
            while one.recv(1 << 16):
                pass  # closed, perhaps after an answer
    with urlopen(server.url, timeout=LIMIT) as page:
        assert page.status == 200


def test_no_address_has_all_connections(starting):
    server = starting(hello=LIMIT, per_address=3)
    with ExitStack() as files:
        held = [files.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(4)]
        held[3].settimeout(LIMIT)
        with suppress(ConnectionResetError):
            assert held[3].recv(1) == b""
