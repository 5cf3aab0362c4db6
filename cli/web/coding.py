"""Encoding and decoding, one request each; the server keeps nothing."""

import io
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sottovoce.cli.web.answers import Endpoint, HttpError, answering
from sottovoce.cli.web.limits import Limits
from sottovoce.cli.web.pool import Pool
from sottovoce.cli.web.uploads import allow, opened, uploaded
from sottovoce.codec.errors import error_context
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.models import bit_rate, preset_by_name
from sottovoce.codec.offline.decode import decode_stream
from sottovoce.codec.offline.encode import encode_sound
from sottovoce.codec.offline.info import info, info_stream
from sottovoce.codec.offline.info_row import Row
from sottovoce.codec.offline.options import DecodeOptions, EncodeOptions, TimeSpan
from sottovoce.codec.progress import Tick
from sottovoce.codec.voice.profiles import bundled_profiles, is_coded, voice_in
from sottovoce.models.release import Release

_PIECE = 1 << 16  # bytes that are sent at once


class CodingService:
    """The endpoints.

    Parameters
    ----------
    model : Release
        What encodes.
    limits : Limits
        What is taken.
    """

    def __init__(self, model: Release, limits: Limits) -> None:
        self._model = model
        self._limits = limits
        self._pool = Pool(limits.jobs, limits.waiting)
        self.close = self._pool.close

    def routes(self) -> list[Route]:
        """Return them with their addresses."""
        posts = (self.sound, self.encode, self.decode, self.info, self.voice)
        return [
            Route("/api/models", answering(self.models)),
            *(Route(f"/api/{post.__name__}", answering(self._placed(post)), methods=["POST"]) for post in posts),
        ]

    def _placed(self, endpoint: Endpoint) -> Endpoint:
        async def placed(request: Request) -> Response:
            with self._pool.place():
                return await endpoint(request)

        return placed

    async def models(self, request: Request) -> Response:
        """Return the presets with their rates, the voices, and the limits of uploads."""
        model = self._model
        return JSONResponse(
            {
                "model": model.name,
                "id": model.id.hex(),
                "sample_rate": model.sample_rate,
                "presets": [{"name": one.name, "bit_rate": bit_rate(model, one)} for one in model.presets.values()],
                "voices": [
                    {"name": one.name, "voice": one.voice.hex()} for one in bundled_profiles() if one.fits(model)
                ],
                "limits": {
                    "sound_bytes": self._limits.sound_bytes,
                    "coded_bytes": self._limits.coded_bytes,
                    "seconds": self._limits.seconds,
                },
            }
        )

    async def sound(self, request: Request) -> Response:
        """Return a recording as the codec receives it: WAV, mono, at the model's rate."""
        file = await uploaded(request, self._limits.sound_bytes, self._limits)

        def work(tick: Tick) -> BinaryIO:
            with file:
                sound = opened(file, self._model.sample_rate, self._limits)
                converted = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it is sent
                writer = WavWriter(converted, self._model.sample_rate, sound.samples)
                for block in sound:
                    writer.write(np.clip(np.rint(block * 32768), -32768, 32767).astype(np.int16))
                    tick(0, None)
                writer.close()
                return converted

        return _sent(await self._pool.run(request, work))

    async def encode(self, request: Request) -> Response:
        """Return a recording as a .sotto file of ?preset=."""
        preset = preset_by_name(self._model, request.query_params.get("preset", "default"))
        file = await uploaded(request, self._limits.sound_bytes, self._limits)

        def work(tick: Tick) -> bytes:
            with file:
                coded = io.BytesIO()
                sound = opened(file, self._model.sample_rate, self._limits)
                encode_sound(sound, coded, self._model, preset, EncodeOptions(carry_tags=True), tick=tick)
                return coded.getvalue()

        return Response(await self._pool.run(request, work), media_type="application/octet-stream")

    async def decode(self, request: Request) -> Response:
        """Return a .sotto file as WAV with the options ?seed=, ?speed= and ?voice=; ?to= decodes its first seconds."""
        options = _decode_options(request)
        data = await self._coded(request)

        def work(tick: Tick) -> BinaryIO:
            allow(info(data).seconds or 0, self._limits)
            wav = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it is sent
            part = replace(options, span=TimeSpan(stop=min(options.span.stop, self._limits.seconds)))
            decode_stream(io.BytesIO(data), wav, part, known=self._model, tick=tick)
            return wav

        return _sent(await self._pool.run(request, work))

    async def info(self, request: Request) -> Response:
        """Return what a .sotto file contains, and the seconds at which damaged blocks begin and end."""
        data = await self._coded(request)

        def work(tick: Tick) -> dict[str, Any]:
            rows: list[Row] = []
            with error_context(""):
                found = info_stream(io.BytesIO(data), rows.append)
            seconds = self._model.step / self._model.sample_rate
            damaged = [[row.start, row.start + row.steps * seconds] for row in rows if row.bytes is None]
            spans = damaged if found.files == 1 else []  # times of later files are their own
            return {**found.as_dict(), "damaged_spans": spans, "problems": found.problems()}

        return JSONResponse(await self._pool.run(request, work))

    async def voice(self, request: Request) -> Response:
        """Return the voice of a recording or a .sotto file in hexadecimal, as ?voice= takes it."""
        file = await uploaded(request, self._limits.sound_bytes, self._limits)

        def work(tick: Tick) -> str:
            with file:
                if not is_coded(file):
                    opened(file, self._model.sample_rate, self._limits)
                return voice_in(file, self._model).hex()

        return JSONResponse({"voice": await self._pool.run(request, work)})

    async def _coded(self, request: Request) -> bytes:
        with await uploaded(request, self._limits.coded_bytes, self._limits) as file:
            return file.read()


def _decode_options(request: Request) -> DecodeOptions:
    """Return the decoding options of a request."""
    query = request.query_params
    try:
        seed, speed = int(query.get("seed", "0")), float(query.get("speed", "1"))
        voice = bytes.fromhex(query.get("voice", ""))
        stop = float(query.get("to", "inf"))
    except ValueError:
        message = "seed, speed and to are numbers, and a voice is hexadecimal"
        raise HttpError(400, message, "correct the address") from None
    if not 0 <= seed < 2**64:
        raise HttpError(400, f"the seed is {seed}", "give one from 0 to 2**64 - 1")
    return DecodeOptions(seed, speed, voice or None, TimeSpan(0.0, stop))


def _sent(file: BinaryIO) -> Response:
    """Send a WAV file piece by piece, as slowly as it is taken."""

    async def pieces() -> AsyncIterator[bytes]:
        with file:
            while piece := file.read(_PIECE):
                yield piece

    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return StreamingResponse(pieces(), media_type="audio/wav", headers={"Content-Length": str(size)})
