"""A whole `sotto live` on stub devices: what ends it, and what it leaves."""

import errno
import os
import signal
import threading

import numpy as np
import pytest
import soundfile
from helpers.processes import wait_until
from helpers.sounds import speech

from sottovoce.cli.support.background import run_until_stopped
from sottovoce.codec import Codec, SottoError
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import writing
from sottovoce.codec.live.loopback import Loopback
from sottovoce.codec.live.recorder import recording_to
from sottovoce.codec.live.simulated_link import Link, LinkSettings
from sottovoce.codec.live.sound_card import Capture, Playback
from sottovoce.codec.stream import StreamDecoder, StreamEncoder

CODEC = Codec.load(preset="low")
WAVE = speech(1.0, 16000, 1)


def run(sound, folder, end):
    """Speak for a second, then end it; return how it ended, and the meters."""
    encoder = StreamEncoder(CODEC.model, CODEC.preset)
    decoder = StreamDecoder(encoder.header)
    with (
        recording_to(str(folder), encoder, 16000) as recorder,
        Playback(lead=0.025) as playback,
        Capture() as capture,
    ):
        loopback = Loopback(encoder, decoder, Link(LinkSettings()), capture, playback, recorder)
        player, microphone = sound.streams

        def speak() -> None:
            for start in range(0, len(WAVE), 160):
                microphone.hear(WAVE[start : start + 160])
                player.say(160)
            wait_until(lambda: loopback.meters()["seconds"] >= 1.0)
            end(microphone)

        speaking = threading.Thread(target=speak)
        ending = run_until_stopped([loopback.send, loopback.play], lambda: None, speaking.start)
        speaking.join()
    return ending, loopback.meters()


def check(folder):
    """All that was recorded is there, in finished files."""
    assert sorted(path.name for path in folder.iterdir()) == ["input.wav", "output.wav", "stream.sotto"]
    recorded, rate = soundfile.read(folder / "input.wav")
    assert rate == 16000
    np.testing.assert_allclose(recorded, WAVE, atol=1e-4)
    assert len(CODEC.decode((folder / "stream.sotto").read_bytes())) == 16000
    assert soundfile.info(folder / "output.wav").frames <= 16640


def test_a_lost_device_leaves_the_recording(sound, tmp_path):
    ending, _ = run(sound, tmp_path, lambda microphone: microphone.how["finished_callback"]())
    check(tmp_path)
    with pytest.raises(SottoError, match=r"Inner microphone .* is disconnected"):
        ending.result()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_the_recording(sound, tmp_path, name):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"{name} doesn't exist here")
    before = signal.getsignal(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def end(microphone) -> None:
        signal.raise_signal(number) if number != signal.SIGINT else signal.pthread_kill(
            threading.main_thread().ident, number
        )
        microphone.hear(np.zeros(160))

    ending, _ = run(sound, tmp_path, end)
    assert signal.getsignal(number) == before or name == "SIGINT"
    recorded, _ = soundfile.read(tmp_path / "input.wav")
    np.testing.assert_allclose(recorded[:16000], WAVE, atol=1e-4)
    assert len(CODEC.decode((tmp_path / "stream.sotto").read_bytes())) == len(recorded)
    assert ending.result() == (0 if name == "SIGINT" else 128 + number)


def test_samples_that_are_not_finite_are_silence(sound):
    with Capture() as capture:
        wave = np.zeros(160, np.float32) + 0.5
        wave[10:30], wave[40], wave[50] = np.nan, np.inf, -np.inf
        sound.streams[0].hear(wave)
        block = capture.read()
    assert capture.invalid == 22
    assert np.isfinite(block.wave).all() and (block.wave == 0).sum() == 22


def test_a_full_disk_leaves_what_fitted(tmp_path, monkeypatch):
    write, room = os.write, 100

    def limited(descriptor, data):
        nonlocal room
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(descriptor, data[:room])
        room -= done
        return done

    name = str(tmp_path / "x.wav")
    with (
        pytest.raises(SottoError, match=r"x.wav: no space left|x.wav: the disk is full"),
        writing(name, keep=True) as file,
    ):
        monkeypatch.setattr(os, "write", limited)
        with WavWriter(file, 16000, None) as wav:
            try:
                for value in range(1, 4):
                    wav.write(np.full(20, value, np.int16))
            finally:
                room = 1000  # in place there is room
    monkeypatch.undo()
    assert soundfile.read(name, dtype="int16")[0].tolist() == [1] * 20
