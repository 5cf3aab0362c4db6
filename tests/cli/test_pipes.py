"""From pipe to pipe: what goes in comes out while the rest is still to come."""

import os
import struct
import subprocess
import threading

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO
from helpers.processes import LIMIT
from helpers.speakers import real_speech

from sottovoce.codec import Codec


def wav_head(length: int, rate: int = 16000, channels: int = 1) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * rate * channels, 2 * channels, 16)
    return struct.pack("<4sI4s", b"RIFF", 0, b"WAVE") + form + struct.pack("<4sI", b"data", length)


def pcm(wave: np.ndarray) -> bytes:
    return np.rint(wave * 32767).astype("<i2").tobytes()


class Pipe:
    """encode - - | decode - -, whose output is collected."""

    def __init__(self) -> None:
        self._encoder = subprocess.Popen([*SOTTO, "encode", "-", "-", "-q"], stdin=-1, stdout=-1)
        self._decoder = subprocess.Popen([*SOTTO, "decode", "-", "-", "-q"], stdin=self._encoder.stdout, stdout=-1)
        self.heard = b""
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._collect)
        self._thread.start()

    def say(self, data: bytes) -> None:
        self._encoder.stdin.write(data)
        self._encoder.stdin.flush()

    def wait_for(self, count: int) -> bool:
        with self._more:
            return self._more.wait_for(lambda: len(self.heard) >= count, timeout=LIMIT)

    def close(self) -> bytes:
        self._encoder.stdin.close()
        assert (self._encoder.wait(LIMIT), self._decoder.wait(LIMIT)) == (0, 0)
        self._thread.join()
        return self.heard

    def _collect(self) -> None:
        while data := os.read(self._decoder.stdout.fileno(), 1 << 16):
            with self._more:
                self.heard += data
                self._more.notify()


@pytest.mark.parametrize("length", [0, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_it_flows(length):
    wave = real_speech(2)
    pipe = Pipe()
    pipe.say(wav_head(length) + pcm(wave))
    # All but what a packet, the look-ahead, the resampling and the decoder keep must come while the pipe is open.
    assert pipe.wait_for(44 + 2 * (len(wave) - 3520))
    pipe.say(pcm(wave))
    heard = pipe.close()
    assert len(heard) == 44 + 2 * 2 * len(wave)


def test_what_flows_is_a_file(in_folder):
    soundfile.write("talk.wav", np.stack([real_speech(3)] * 2, 1), 16000)
    data = subprocess.run(
        f"cat talk.wav | {' '.join(map(repr, SOTTO))} encode - - -q | cat", shell=True, capture_output=True, check=True
    ).stdout
    assert len(Codec.load().decode(data)) == 48000
    assert 8 * len(data) / 3 < 1400


def test_longer_packets_need_fewer_bytes(in_folder):
    soundfile.write("talk.wav", real_speech(3), 16000)
    command = " ".join(map(repr, SOTTO))
    sizes = []
    for packet in ("40", "400"):
        pipe = f"cat talk.wav | {command} encode - - -q --packet {packet} | cat"
        data = subprocess.run(pipe, shell=True, capture_output=True, check=True).stdout
        assert len(Codec.load().decode(data)) == 48000
        sizes.append(len(data))
    assert sizes[1] < 0.75 * sizes[0]
    done = subprocess.run([*SOTTO, "encode", "talk.wav", "--packet", "80"], capture_output=True, text=True)
    assert done.returncode == 2 and "--packet is for streaming" in done.stderr


def test_what_is_no_wav_waits_for_its_end(in_folder):
    soundfile.write("talk.flac", real_speech(1), 16000)
    data = subprocess.run(
        f"cat talk.flac | {' '.join(map(repr, SOTTO))} encode - - -q | cat", shell=True, capture_output=True, check=True
    ).stdout
    assert len(Codec.load().decode(data)) == 16000


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF....WAVE", b"RIFF....WAVE" + bytes(9000), wav_head(0), b"x" * 99])
def test_rubbish_is_told_in_a_line(data):
    run = subprocess.Popen([*SOTTO, "encode", "-", "-"], stdin=-1, stdout=-1, stderr=-1)
    _, errors = run.communicate(data, timeout=LIMIT)
    assert run.returncode == 2
    assert errors.startswith(b"sotto: standard input: ") and errors.count(b"\n") == 1
