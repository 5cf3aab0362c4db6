"""samples/sotto_message.py, the reader of messages in plain Python, beside the codec."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from helpers.message_sample import PATH, sotto_message

from sottovoce.codec import info
from sottovoce.models import release

GOLDEN = Path(__file__).parent / "golden"
WEIGHTS = str(resources.files("sottovoce.models.released") / "default.safetensors")
pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")


@pytest.fixture(scope="module")
def model():
    return sotto_message.Model(WEIGHTS)


@pytest.mark.parametrize("name", ["message", "message-dtx", "message-packets"])
def test_fields_are_those_that_info_shows(name, model):
    data = (GOLDEN / f"{name}.sotto").read_bytes()
    packets = sotto_message.packets(data)
    read = [sotto_message.read(packet, model) for packet in packets]
    found = info(data)
    assert model.id.hex() == found.model_id and {one.level for one in read} == {found.level}
    assert sum(len(one.codes) for one in read) == read[0].total == round(found.seconds * 25)
    assert (found.packets or 1) == len(packets)
    assert bytes.fromhex(found.speaker).startswith(read[0].speaker)


def test_steps_that_are_lost(model):
    packets = sotto_message.packets((GOLDEN / "message-packets.sotto").read_bytes())
    parts = [sotto_message.read(packet, model) for packet in packets]
    assert len(parts) > 1 and sorted(part.first for part in parts)[0] == 0
    kept = [part for part in parts if part.first > 0]
    steps = sotto_message.joined(kept)
    lost = next(part for part in parts if part.first == 0)
    assert steps[: len(lost.codes)] == [None] * len(lost.codes) and None not in steps[len(lost.codes) :]
    assert None not in sotto_message.joined(parts[::-1])


def test_what_is_damaged(model):
    data = (GOLDEN / "message.sotto").read_bytes()
    for stop in range(len(data)):
        with pytest.raises(sotto_message.Damaged):
            sotto_message.read(data[:stop], model)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(sotto_message.Damaged):
            sotto_message.read(bytes(changed), model)


def test_it_runs_without_the_package(tmp_path):
    copy = tmp_path / PATH.name
    copy.write_bytes(PATH.read_bytes())
    files = [str(GOLDEN / "message.sotto"), str(GOLDEN / "low.sotto")]
    command = [sys.executable, "-S", "-E", str(copy), WEIGHTS, *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert "Message(mode=0, preset=0" in first and second.endswith("a wrong checksum, or another model")
