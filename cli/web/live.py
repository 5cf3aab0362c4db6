"""Live round trips: sound comes in messages and goes back in messages, and each session stays within its bounds.

The first message is text, {"preset": NAME, "rate": HZ}, and is answered by text with the trip's facts. All others are
16-bit little-endian samples; those that go back have `trip.HEAD` before them.
"""

import asyncio
import json
from contextlib import suppress

import numpy as np
import numpy.typing as npt
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sottovoce.cli.web.limits import Limits
from sottovoce.cli.web.trip import HEAD, Roundtrip
from sottovoce.cli.web.waiting import Queue
from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import preset_by_name
from sottovoce.models.release import Preset, Release

LOWEST, HIGHEST = 8_000, 192_000
"""Sample rates of sound cards, Hz."""

MALFORMED, NOT_ALLOWED, LATER = 1003, 1008, 1013
"""Codes of RFC 6455 for why a session is closed."""

_SMALLEST = 500  # as many messages a second, at most: what is smaller counts as much
_PIECES = 25  # a second, that sound is coded in at most
_HELLO = 1_000  # characters
_FAREWELL = 2  # seconds for one who doesn't read to be told why


class Closed(Exception):
    """A session that ends, and what its other end is told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Live:
    """The endpoint.

    Parameters
    ----------
    model : Release
        What codes.
    limits : Limits
        Among them, how many sessions there are at once.
    """

    def __init__(self, model: Release, limits: Limits) -> None:
        self._model = model
        self._limits = limits
        self._sessions = 0

    async def serve(self, websocket: WebSocket) -> None:
        """Serve a session."""
        await websocket.accept()
        self._sessions += 1
        try:
            if self._sessions > self._limits.sessions:
                raise Closed(LATER, "all live sessions are taken; try again later")
            await self._session(websocket)
        except WebSocketDisconnect:
            pass
        except Closed as closed:
            await _close(websocket, closed)
        finally:
            self._sessions -= 1

    async def _session(self, websocket: WebSocket) -> None:
        preset, rate = await self._hello(websocket)
        trip = await asyncio.to_thread(Roundtrip, self._model, preset, rate)
        await websocket.send_json(trip.facts)
        bound = round(self._limits.behind * rate)
        spoken: Queue[npt.NDArray[np.int16]] = Queue(bound, Closed(LATER, "this machine is too busy; try again later"))
        heard: Queue[bytes] = Queue(bound, Closed(NOT_ALLOWED, "what is sent is read too slowly"))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(websocket, rate, spoken))
                tasks.create_task(_code(trip, rate // _PIECES, spoken, heard))
                tasks.create_task(_send(websocket, heard))
        except* (Closed, WebSocketDisconnect) as ended:
            raise ended.exceptions[0] from None

    async def _hello(self, websocket: WebSocket) -> tuple[Preset, int]:
        text = await _message(websocket, "text", self._limits.hello)
        try:
            hello = json.loads(text[:_HELLO])
            rate, name = hello["rate"], hello["preset"]
            if not (type(rate) is int and LOWEST <= rate <= HIGHEST and isinstance(name, str)):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            reason = f"begin with a preset, and a rate from {LOWEST} to {HIGHEST} Hz"
            raise Closed(NOT_ALLOWED, reason) from None
        try:
            return preset_by_name(self._model, name), rate
        except SottoError:
            raise Closed(NOT_ALLOWED, f"no such preset; choose one of {', '.join(self._model.presets)}") from None

    async def _receive(self, websocket: WebSocket, rate: int, spoken: Queue[npt.NDArray[np.int16]]) -> None:
        clock = asyncio.get_running_loop()
        last, ahead = clock.time(), 0.0
        while True:
            data = await _message(websocket, "bytes", self._limits.idle)
            if not data or len(data) % 2 or len(data) > self._limits.message:
                raise Closed(MALFORMED, "a message that isn't whole 16-bit samples")
            size = max(len(data) // 2, rate // _SMALLEST)
            now = clock.time()
            ahead = max(0.0, ahead - (now - last) * rate) + size
            last = now
            if ahead > self._limits.ahead * rate:
                raise Closed(NOT_ALLOWED, "sound comes faster than it can be spoken")
            spoken.put(np.frombuffer(data, "<i2"), size)


async def _code(trip: Roundtrip, size: int, spoken: Queue[npt.NDArray[np.int16]], heard: Queue[bytes]) -> None:
    while True:
        wave = np.concatenate(await spoken.take())
        for start in range(0, len(wave), size):  # of much that waited, what is ready goes out before the rest is coded
            for message in await asyncio.to_thread(trip.push, wave[start : start + size]):
                heard.put(message, (len(message) - HEAD.size) // 2)


async def _send(websocket: WebSocket, heard: Queue[bytes]) -> None:
    while True:
        for message in await heard.take():
            await websocket.send_bytes(message)


async def _message(websocket: WebSocket, kind: str, patience: float):
    """Return the next message of a kind, "text" or "bytes"."""
    try:
        async with asyncio.timeout(patience):
            message = await websocket.receive()
    except TimeoutError:
        raise Closed(NOT_ALLOWED, f"nothing came for {patience:g} seconds") from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    if message.get(kind) is None:
        raise Closed(MALFORMED, "text comes first, and then sound")
    return message[kind]


async def _close(websocket: WebSocket, closed: Closed) -> None:
    if websocket.application_state is WebSocketState.CONNECTED:
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_FAREWELL):
                await websocket.close(closed.code, closed.reason)
