"""Live sessions against a real server: what comes back, and that nobody can disturb the others."""

import json
import socket
import time
from contextlib import contextmanager, suppress

import httpx2
import numpy as np
import pytest
from helpers.processes import LIMIT
from helpers.sounds import speech
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from sottovoce.cli.web.trip import HEAD

ROOM = 40
"""MB by which a server may grow while it is pestered."""


@contextmanager
def session(serving, rate=16000, preset="default", **how):
    with connect(serving.live, **{"proxy": None, "compression": None, "close_timeout": 1, **how}) as line:
        line.send(json.dumps({"preset": preset, "rate": rate}))
        yield line, json.loads(line.recv(timeout=LIMIT))


def pieces(seconds, rate, milliseconds=20):
    wave = (speech(seconds, rate, 1) * 32767).astype("<i2")
    size = rate * milliseconds // 1000
    return [wave[at : at + size].tobytes() for at in range(0, len(wave), size)]


def code_of(line):
    """Why the server hung up."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            line.recv(timeout=LIMIT)
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 88200, 96000, 192000])
def test_round_trip(starting, rate):
    with session(starting(), rate) as (line, facts):
        assert facts["packet_seconds"] == 0.04
        assert 0.04 < facts["delay"] < 0.3
        for piece in pieces(1.5, rate):
            line.send(piece)
        samples, packets, loudest = 0, 0, 0
        while samples < 1.2 * rate:
            message = line.recv(timeout=LIMIT)
            first, work, size = HEAD.unpack_from(message)
            wave = np.frombuffer(message, "<i2", offset=HEAD.size)
            assert first == samples and work > 0 and 1 <= size < 40
            samples += len(wave)
            packets += 1
            loudest = max(loudest, int(np.abs(wave.astype(int)).max(initial=0)))
        assert packets * facts["packet_seconds"] * rate <= 1.5 * rate
        assert loudest > 1000


@pytest.mark.parametrize(
    ("hello", "code", "reason"),
    [
        ("{", 1008, "begin with a preset, and a rate from 8000 to 192000 Hz"),
        ("[" * 900, 1008, "begin with a preset, and a rate from 8000 to 192000 Hz"),
        ("[]", 1008, "begin with a preset, and a rate from 8000 to 192000 Hz"),
        ('{"preset": "low", "rate": 1e9}', 1008, "begin with a preset, and a rate from 8000 to 192000 Hz"),
        ('{"preset": "low", "rate": true}', 1008, "begin with a preset, and a rate from 8000 to 192000 Hz"),
        ('{"preset": "loud", "rate": 16000}', 1008, "no such preset; choose one of low, default, max"),
        (b"\0\0", 1003, "text comes first, and then sound"),
        ("x" * 70_000, 1009, None),
    ],
)
def test_bad_beginnings(starting, hello, code, reason):
    with connect(starting().live, proxy=None) as line:
        line.send(hello)
        told = code_of(line)
    assert told[0] == code
    assert reason in (None, told[1])


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"", 1003), (b"\0\0\0", 1003), ("{}", 1003), (bytes(70_000), 1009)],
    ids=["empty", "odd", "text", "oversized"],
)
def test_malformed_sound(starting, message, code):
    with session(starting()) as (line, _):
        line.send(message)
        assert code_of(line)[0] == code


def test_silence_at_the_other_end(starting):
    serving = starting(hello=0.3, idle=0.3)
    with connect(serving.live, proxy=None) as line:
        assert code_of(line) == (1008, "nothing came for 0.3 seconds")
    with session(serving) as (line, _):
        assert code_of(line) == (1008, "nothing came for 0.3 seconds")


def test_sessions_are_limited(starting):
    serving = starting(sessions=2, idle=60)
    with session(serving), session(serving), connect(serving.live, proxy=None) as third:
        assert code_of(third) == (1013, "all live sessions are taken; try again later")
    assert _free(serving)


@pytest.mark.parametrize("size", [2, 60_000])
def test_a_flood_ends_and_others_are_served(starting, size):
    serving = starting()
    before = serving.memory()
    with session(serving) as (calm, _), session(serving) as (line, _):
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(1_000_000):
                line.send(bytes(size))
        assert (closed.value.rcvd and closed.value.rcvd.code) in (1008, 1013, None)
        calm.send(b"".join(pieces(0.5, 16000)))
        assert HEAD.unpack_from(calm.recv(timeout=LIMIT))[0] == 0
        assert httpx2.get(f"{serving.url}api/models").status_code == 200
    assert serving.memory() < before + ROOM


def test_one_who_doesnt_read_is_left(starting):
    serving = starting(sessions=1, ahead=1000, behind=1)
    before = serving.memory()
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", serving.port))
    with session(serving, 48000, sock=deaf, max_queue=1, close_timeout=0) as (line, _):
        with connect(serving.live, proxy=None) as other:
            assert code_of(other)[0] == 1013
        with suppress(ConnectionClosed):  # the server may close it before all is sent
            for piece in pieces(10, 48000):
                line.send(piece)
                time.sleep(0.002)
        assert _free(serving)
        assert serving.memory() < before + ROOM


def test_nonsense_instead_of_a_websocket(starting):
    serving = starting()
    for nonsense in (b"\0" * 5000, b"GET /api/live HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"GET / HTTP/1.1\r\n"):
        with socket.create_connection(("127.0.0.1", serving.port)) as raw:
            raw.sendall(nonsense)
    assert httpx2.get(f"{serving.url}api/models").status_code == 200


def _free(serving) -> bool:
    """Wait for a session to be free."""
    for _ in range(100):
        with connect(serving.live, proxy=None) as line:
            try:
                line.send(json.dumps({"preset": "default", "rate": 16000}))
                return bool(json.loads(line.recv(timeout=LIMIT)))
            except ConnectionClosed:
                time.sleep(0.1)
    return False
