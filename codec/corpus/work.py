"""What a worker does with a recording of a distributed run."""

import hashlib
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sottovoce.codec.api import Codec
from sottovoce.codec.corpus.manifest import ManifestRow
from sottovoce.codec.corpus.stores import Store
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.models import by_name
from sottovoce.codec.offline.decode import wav_decoding
from sottovoce.codec.offline.encode import encode_sound
from sottovoce.codec.offline.info import info
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.options import DecodeOptions, EncodeOptions

PAUSE = 0.5
"""Seconds before a file is tried again; before each further try twice as long."""


@dataclass(frozen=True)
class Task:
    """A recording to convert: its path in the input folder, that of its output, and its size in bytes."""

    path: str
    output: str
    size: int = 0


Convert = Callable[[Task], ManifestRow]
Work = Callable[[Sequence[Task]], list[ManifestRow]]
"""Converts recordings, and returns the row of each. It travels to the workers."""


@dataclass(frozen=True)
class Encoding:
    """Encodes recordings: see `sottovoce.corpus.encode`. An output that exists is of this run, and is left as it is."""

    source: Store
    target: Store
    model: str
    preset: str
    options: EncodeOptions
    retries: int

    def __call__(self, tasks: Sequence[Task]) -> list[ManifestRow]:
        """Encode recordings."""
        return [tried(self._encode, task, self.retries) for task in tasks]

    def _encode(self, task: Task) -> ManifestRow:
        codec = Codec.load(model=self.model, preset=self.preset)
        found = self._existing(task, codec)
        if found:
            return found
        data = io.BytesIO()
        with self.source.local(task.path) as path, open_sound(path, codec.sample_rate) as sound:
            encoded = encode_sound(sound, data, codec.model, codec.preset, self.options)
        self.target.write(task.output, data.getvalue())
        return _row(task, data.getvalue(), encoded.seconds, codec)

    def _existing(self, task: Task, codec: Codec) -> ManifestRow | None:
        """Return the row of an output that is complete, but has none, as the worker or the client died."""
        if not self.target.exists(task.output):
            return None
        data = self.target.read(task.output)
        try:
            found = info(data, known=codec.model)
        except SottoError:
            return None
        if not found.complete or found.damaged or found.seconds is None:
            return None
        if (found.model_id, found.preset) != (codec.model.id.hex(), codec.preset.name):
            return None
        return _row(task, data, found.seconds, codec)


@dataclass(frozen=True)
class Decodings:
    """Decodes files: see `sottovoce.corpus.decode`. An output that exists is of this run, and is left as it is."""

    source: Store
    target: Store
    model: str
    options: DecodeOptions
    retries: int

    def __call__(self, tasks: Sequence[Task]) -> list[ManifestRow]:
        """Decode files."""
        return [tried(self._decode, task, self.retries) for task in tasks]

    def _decode(self, task: Task) -> ManifestRow:
        known = by_name(self.model)
        data = self.source.read(task.path)
        found = info(data, known=known)
        if self.target.exists(task.output):
            written = self.target.read(task.output)
        else:
            wav = io.BytesIO()
            (result,) = run_in_lockstep([partial(wav_decoding, io.BytesIO(data), wav, self.options, known=known)])
            if isinstance(result, Exception):
                raise result
            written = wav.getvalue()
            self.target.write(task.output, written)
        return ManifestRow(
            task.path,
            task.output,
            seconds=found.seconds or 0.0,
            bytes=len(written),
            model=found.model_id,
            sha256=hashlib.sha256(written).hexdigest(),
        )


def tried(convert: Convert, task: Task, retries: int) -> ManifestRow:
    """Convert a recording, again after errors of the store, and return its row, also when it failed.

    Errors in the recording itself are not tried again.
    """
    for attempt in range(retries + 1):
        try:
            return convert(task)
        except SottoError as error:
            return ManifestRow(task.path, task.output, "failed", f"{error.reason}; {error.remedy}")
        except Exception as error:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            if attempt < retries:
                time.sleep(PAUSE * 2**attempt)
    return ManifestRow(task.path, task.output, "failed", message)


def _row(task: Task, data: bytes, seconds: float, codec: Codec) -> ManifestRow:
    steps = -(-round(seconds * codec.sample_rate) // codec.model.step)
    return ManifestRow(
        task.path,
        task.output,
        seconds=seconds,
        bytes=len(data),
        steps=steps,
        books=codec.num_codebooks,
        model=codec.model.id.hex(),
        sha256=hashlib.sha256(data).hexdigest(),
    )
