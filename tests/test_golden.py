"""Files whose codes and samples are promises: on every kernel, and in every version of this project.

A change of any is a breaking change, and needs another model or another version of the format. SOTTO_GOLDEN=write makes
the files anew and takes down what they hold, but for those in FORMER: they are of models of the past.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from helpers import by_the_page
from helpers.message_sample import sotto_message
from helpers.speakers import real_speech

from sottovoce.codec import Codec
from sottovoce.codec.bits import PacketWriter
from sottovoce.codec.bits.message import Message, pack_packets, sealed
from sottovoce.codec.models import blocks_of, by_id, preset_by_index
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.message_reader import open_reader
from sottovoce.codec.offline.options import EncodeOptions
from sottovoce.codec.stream import StreamEncoder
from sottovoce.models import release
from sottovoce.models.wavenet import kernels

GOLDEN = Path(__file__).parent / "golden"
PROMISES = GOLDEN / "promises.json"
FORMER = ("former-default", "former-coded")
pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")


def blocks(preset: str = "default", wave: np.ndarray | None = None, **how) -> bytes:
    codec = Codec.load(preset=preset)
    wave = real_speech(2.6) if wave is None else wave
    file = io.BytesIO()
    encode_stream([wave], file, codec.model, codec.preset, EncodeOptions(**{"samples": len(wave)} | how))
    return file.getvalue()


def packets(preset: str, steps: int) -> bytes:
    codec, wave = Codec.load(preset=preset), real_speech(2.6)
    encoder = StreamEncoder(codec.model, codec.preset, steps=steps)
    file = io.BytesIO()
    writer = PacketWriter(file, encoder.header)
    for packet in encoder.push(wave) + encoder.finish():
        writer.write(packet)
    writer.close(len(wave))
    return file.getvalue()


def message(preset: str, wave: np.ndarray | None = None, **how) -> bytes:
    """A message or, in the order of their bytes, the packets of one whose number is always the same."""
    packets = Codec.load(preset=preset).encode_message(real_speech(2.6) if wave is None else wave, 16000, **how)
    if len(packets) == 1:
        return packets[0]
    model = Codec.load().model
    return pack_packets(sorted(sealed(renumbered(packet), model.id) for packet in packets))


def renumbered(packet: bytes) -> bytes:
    found = Message.parse(packet[:-2])
    assert found.part
    return replace(found, part=found.part._replace(message=171)).body()


def with_a_pause() -> np.ndarray:
    wave = real_speech(3.0)
    wave[12000:40000] = 0
    return wave


MADE: dict[str, Callable[[], bytes]] = {
    "low": lambda: blocks("low"),
    "default": blocks,
    "high": lambda: blocks("high"),
    "max": lambda: blocks("max"),
    "unknown-length": lambda: blocks(samples=None, rate=44100, channels=2),
    "dtx": lambda: blocks(wave=with_a_pause(), dtx=True),
    "protected": lambda: blocks(protect=2),
    "tags": lambda: blocks(wave=real_speech(0.5), metadata=b"TITLE=\xc3\x9cber Sprache\nARTIST=nobody\n"),
    "packets": lambda: packets("default", 1),
    "packets-80": lambda: packets("high", 2),
    "message": lambda: message("low"),
    "message-dtx": lambda: message("default", with_a_pause(), dtx=True, speaker_codes=3),
    "message-packets": lambda: message("default", mtu=60, speaker_codes=0),
}
NAMES = [*MADE, *FORMER]
WAYS = {"default": {"seed 1": {"seed": 1}, "slow": {"speed": 0.75}, "fast": {"speed": 1.6}}}
"""Of some files, other ways to speak them."""


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(array.astype("<i2").tobytes()).hexdigest()[:32]


def heard(data: bytes, **how) -> str:
    return digest(np.round(Codec.load().decode(data, **how) * 32768))


def concatenate_codes(data: bytes) -> np.ndarray:
    reader = open_reader(io.BytesIO(data))
    model = by_id(reader.header.model)
    found = [block.codes for block in blocks_of(reader, model, preset_by_index(model, reader.header.preset))]
    return np.concatenate(found)


def promised(name: str, data: bytes) -> dict:
    samples = {"seed 0": heard(data)} | {way: heard(data, **how) for way, how in WAYS.get(name, {}).items()}
    return {"codes": digest(concatenate_codes(data)), "samples": samples}


@pytest.fixture(scope="module")
def promises() -> dict[str, dict]:
    if os.environ.get("SOTTO_GOLDEN") == "write":
        for name, make in MADE.items():
            (GOLDEN / f"{name}.sotto").write_bytes(make())
        kept = {name: promised(name, (GOLDEN / f"{name}.sotto").read_bytes()) for name in NAMES}
        PROMISES.write_text(json.dumps(kept, indent=1) + "\n")
    return json.loads(PROMISES.read_text())


def file(name: str) -> bytes:
    return (GOLDEN / f"{name}.sotto").read_bytes()


@pytest.mark.parametrize("kernel", kernels.kernels())
@pytest.mark.parametrize("name", NAMES)
def test_samples(name, kernel, monkeypatch, promises):
    monkeypatch.setattr(kernels, "default_kernel", lambda: kernel)
    assert heard(file(name)) == promises[name]["samples"]["seed 0"]


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in WAYS.items() for way in ways])
def test_ways_to_speak(name, way, promises):
    assert heard(file(name), **WAYS[name][way]) == promises[name]["samples"][way]


@pytest.mark.parametrize("name", NAMES)
def test_codes(name, promises):
    assert digest(concatenate_codes(file(name))) == promises[name]["codes"]


@pytest.mark.parametrize("name", NAMES)
def test_codes_by_the_page_alone(name, promises):
    codec = Codec.load()
    if name.startswith("message"):
        model = sotto_message.Model(str(resources.files("sottovoce.models.released") / "default.safetensors"))
        parts = [sotto_message.read(packet, model) for packet in sotto_message.packets(file(name))]
        assert digest(np.array(sotto_message.joined(parts))) == promises[name]["codes"]
        return
    widths = {preset.index: preset.bits for preset in codec.model.presets.values()}
    read = by_the_page.read(file(name), widths.__getitem__, tables=codec.model.weights)
    assert digest(np.array(read.codes)) == promises[name]["codes"]


def test_together_and_alone_are_the_same(promises):
    waves = Codec.load().decode_many([file("default")] * 3)
    expected = promises["default"]["samples"]["seed 0"]
    assert [digest(np.round(wave * 32768)) for wave in waves] == [expected] * 3


def test_tables_made_at_import_are_the_same_everywhere():
    """They come from cos, log and exp, whose last bit is up to the machine, but are rounded far from any tie."""
    from sottovoce.codec.voice import level
    from sottovoce.models.runtime import postfilter

    made = {
        "forward": postfilter.forward_matrix(),
        "backward": postfilter.backward_matrix(),
        "weights": postfilter.band_weights(),
        "shares": postfilter.band_shares(),
        "levels": np.array(level._RESTORING),
    }
    found = {name: hashlib.sha256(table.astype("<i8").tobytes()).hexdigest()[:16] for name, table in made.items()}
    assert found == json.loads((GOLDEN / "tables.json").read_text())


ELSEWHERE = """
import sys
sys.path.insert(0, {tests!r})
import test_golden
for name in test_golden.NAMES:
    print(name, test_golden.digest(test_golden.concatenate_codes(test_golden.file(name))), sys.byteorder)
"""


@pytest.mark.parametrize("environment", [{"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "C"}, {"SOTTO_KERNEL": "numba"}])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_codes_in_another_process(environment, threads, promises):
    settings = {f"{pool}_NUM_THREADS": threads for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")} | environment
    program = ELSEWHERE.format(tests=str(Path(__file__).parent))
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    found = dict(line.split()[:2] for line in run.stdout.splitlines())
    assert found == {name: promise["codes"] for name, promise in promises.items()}
