"""The first half of an evaluation: recordings there and back, and what a codec is like on all of them."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.alignment import VERSION, delay
from sottovoce.codec.evaluation.codecs import codec
from sottovoce.codec.evaluation.peers.base import wav_bytes, with_paths
from sottovoce.codec.evaluation.peers.settings import PeerSettings
from sottovoce.codec.evaluation.processes import peak_memory, processor_seconds
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.transmission import DIRECT, Transmission
from sottovoce.codec.evaluation.waves import kept_flac, read, read_flac, rounded, write_flac


class CodedRecording(TypedDict):
    """A recording, there and back."""

    bytes: int
    encoding: float  # seconds of processor time
    decoding: float
    crc32: int  # of what came back


@dataclass(frozen=True)
class CodingMeasurement:
    """A recording to be coded.

    Parameters
    ----------
    folder : Path
        Of the report.
    codec : str
        Its name.
    identity : str
        What its results depend on.
    settings : PeerSettings
        What codecs are made with.
    recording : ReferenceRecording
        What is coded.
    crc32 : int
        Of its samples.
    transmission : Transmission
        What happens between encoder and decoder.
    """

    folder: Path
    codec: str
    identity: str
    settings: PeerSettings
    recording: ReferenceRecording
    crc32: int
    transmission: Transmission = DIRECT

    @property
    def sound(self) -> Path:
        """Where what came back is kept."""
        return places.parts(self.folder, self.codec) / f"{self.recording.id}.flac"

    @property
    def part(self) -> StoredPart:
        """Where the rest is kept."""
        key = {"recording": self.crc32, "codec": self.identity, "transmission": self.transmission.identity}
        return StoredPart(self.sound.with_suffix(".json"), {name: value for name, value in key.items() if value != ""})

    def known(self) -> CodedRecording | None:
        """Return what is kept, if all is there."""
        kept: CodedRecording | None = self.part.load()
        if kept is None:
            return None
        sound = kept_flac(self.sound)
        return kept if sound is not None and zlib.crc32(sound.tobytes()) == kept["crc32"] else None


def code(task: CodingMeasurement) -> CodedRecording:
    """Encode and decode a recording, and keep what became of it."""
    with error_context(f"{task.codec}, {task.recording.path}"):
        peer, wave = codec(task.codec, task.settings), read(task.recording.file)
        start = processor_seconds()
        data = peer.encode(wave)
        between = processor_seconds()
        decoded = rounded(task.transmission.decode(peer, data, len(wave), task.crc32))
        end = processor_seconds()
    task.part.forget()
    write_flac(task.sound, decoded)
    crc32 = zlib.crc32(decoded.tobytes())
    done: CodedRecording = {"bytes": len(data), "encoding": between - start, "decoding": end - between, "crc32": crc32}
    task.part.save(done)
    return done


class SpeakerTraits(TypedDict):
    """What a codec is like: its delay in samples, and the memory of its programs in bytes where it has any."""

    delay: int
    encode_memory: int | None
    decode_memory: int | None


@dataclass(frozen=True)
class Characterising:
    """A codec to be characterised.

    Parameters
    ----------
    codings : sequence of CodingMeasurement
        All that it has coded.
    came_back : sequence of int
        Checksums of what came back.
    longest : CodingMeasurement
        The one of the longest recording.
    """

    codings: Sequence[CodingMeasurement]
    came_back: Sequence[int]
    longest: CodingMeasurement

    @property
    def delay(self) -> StoredPart:
        """Where the delay is kept."""
        recordings = [one.crc32 for one in self.codings]
        key = {"version": VERSION, "recordings": recordings, "decoded": list(self.came_back)}
        return StoredPart(self.longest.sound.with_name("delay.json"), key)

    @property
    def memory(self) -> StoredPart:
        """Where the memory is kept: a pair."""
        return StoredPart(self.longest.sound.with_name("memory.json"), self.longest.part.key)

    def known(self) -> SpeakerTraits | None:
        """Return what is kept, if all is there."""
        lag, memory = self.delay.load(), self.memory.load()
        if lag is None or memory is None:
            return None
        return {"delay": lag, "encode_memory": memory[0], "decode_memory": memory[1]}


def characterise(task: Characterising) -> SpeakerTraits:
    """Find a codec's delay and memory, and keep them."""
    lag, memory = task.delay.load(), task.memory.load()
    if lag is None:
        lag = delay((read(one.recording.file), read_flac(one.sound)) for one in task.codings)
        task.delay.save(lag)
    if memory is None:
        memory = _memory(task.longest)
        task.memory.save(memory)
    return {"delay": lag, "encode_memory": memory[0], "decode_memory": memory[1]}


def _memory(task: CodingMeasurement) -> tuple[int | None, int | None]:
    commands = codec(task.codec, task.settings).commands()
    if commands is None:
        return None, None
    with TemporaryDirectory() as place:
        source, coded, goal = (Path(place, name) for name in ("talk.wav", "talk.coded", "out.wav"))
        source.write_bytes(wav_bytes(read(task.recording.file)))
        encoder, decoder = commands
        return peak_memory(with_paths(encoder, source, coded)), peak_memory(with_paths(decoder, coded, goal))
