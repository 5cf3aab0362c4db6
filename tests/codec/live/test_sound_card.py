import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.processes import LIMIT
from helpers.pulse import RATE, lag, virtual_sound
from helpers.sounds import speech

from sottovoce.codec.errors import SottoError
from sottovoce.codec.live import portaudio
from sottovoce.codec.live.portaudio import TimedResampler
from sottovoce.codec.live.sound_card import Capture, Playback

PASS = """
from sottovoce.codec.live.sound_card import Capture, Playback
with Playback() as playback, Capture() as capture:
    read = 0
    print("begun", flush=True)
    while read < {samples}:
        wave, heard = capture.read()
        playback.write(wave, read)
        first, read = read, read + len(wave)
    said = playback.played.time + (first - playback.played.sample) / 16000
    underruns = playback.underruns
print(said - heard, underruns, capture.overflows)
"""


@pytest.fixture
def still(monkeypatch):
    """Stops the clock of the devices, and returns its time."""
    monkeypatch.setattr(portaudio, "time", SimpleNamespace(perf_counter=lambda: 1000.0))
    return 1000.0


@pytest.fixture
def quickly(monkeypatch):
    """Gives devices up soon."""
    monkeypatch.setattr(portaudio, "STALLED", 0.2)


def test_capture(sound, still):
    wave = np.arange(160) / 200
    with Capture() as capture:
        (stream,) = sound.streams
        assert (stream.how["device"], stream.how["samplerate"], stream.how["blocksize"]) == (0, 16000, 160)
        stream.hear(wave, delay=0.03)
        stream.hear(-wave)
        block = capture.read()
        assert block.wave.dtype == np.float32
        assert block.wave == pytest.approx(wave)
        assert block.time == pytest.approx(still - 0.03)
        assert next(capture.blocks(threading.Event())).wave == pytest.approx(-wave)
        assert capture.overflows == 0
    assert stream.closed


def test_what_nobody_reads_is_lost_and_counted(sound):
    with Capture() as capture:
        for _ in range(203):
            sound.streams[0].hear(np.zeros(160))
        assert capture.overflows == 3
        capture.read()
        sound.streams[0].hear(np.ones(160), overflow=True)
        assert capture.overflows == 4
        assert [capture.read().wave[0] for _ in range(200)][-1] == 1


def test_times_that_cannot_be_true(sound, still):
    with Capture() as capture:
        sound.streams[0].hear(np.zeros(160), delay=5000)
        assert capture.read().time == pytest.approx(still - 0.02)


def test_playback(sound, still):
    with Playback(lead=0.01) as playback:
        (stream,) = sound.streams
        assert (stream.how["device"], stream.how["channels"]) == (1, 1)
        assert not stream.say(160).any()
        assert playback.played is None
        playback.write(np.full(320, 1 << 14, np.int16), 1000)
        assert playback.fill == 480
        assert not stream.say(160, delay=0.03).any()
        assert playback.played.sample == 840
        assert playback.played.time == pytest.approx(still + 0.03)
        assert stream.say(160)[-1] == 0.5
        assert playback.played.sample == 1000
        assert (playback.fill, playback.underruns) == (160, 0)
        stream.say(320)
        assert playback.underruns == 1
        stream.say(160, underflow=True)
        assert playback.underruns == 2


def test_finish(sound):
    with Playback(lead=0) as playback:
        playback.write(np.zeros(320, np.float32), 0)
        finishing = threading.Thread(target=playback.finish)
        finishing.start()
        sound.streams[0].say(160)
        time.sleep(0.05)
        assert finishing.is_alive()
        sound.streams[0].say(320)
        finishing.join(LIMIT)
        assert not finishing.is_alive()
        assert playback.underruns == 0


def test_what_is_too_early_waits(sound):
    with Playback(lead=0) as playback:
        playback.write(np.zeros(40000, np.float32), 0)
        writing = threading.Thread(target=playback.write, args=(np.zeros(160, np.float32), 40000))
        writing.start()
        time.sleep(0.05)
        assert playback.fill == 40000
        sound.streams[0].say(8160)
        writing.join(LIMIT)
        assert playback.fill == 32000


def test_what_a_stop_left_waiting_is_made_up_for(sound):
    with Playback(lead=0.02) as playback:
        (stream,) = sound.streams
        wave = np.sin(2 * np.pi * 150 * np.arange(16000 * 20) / 16000).astype(np.float32)
        heard, waiting = [], []
        for first in range(0, len(wave), 640):
            waiting.append(playback.fill)
            playback.write(wave[first : first + 640], first)
            if first != 6400:  # the device stood still
                heard.append(stream.say(640))
        assert (waiting[9], waiting[12]) == (320, 960)
        assert 320 <= waiting[-1] <= 320 + 160
        assert playback.underruns == 0
        assert len(wave) - playback.played.sample == pytest.approx(640 + waiting[-1])
        assert np.abs(np.diff(np.concatenate(heard)[640:])).max() < 1.1 * np.abs(np.diff(wave)).max()


def test_a_device_that_refuses_the_rate(sound):
    sound.refused = -9997
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    with Capture() as capture, Playback(lead=0) as playback:
        microphone, loudspeaker = sound.streams
        assert capture.device_rate == playback.device_rate == 48000
        heard = []
        for start in range(0, 48000, 480):
            microphone.hear(tone[start : start + 480])
        while sum(map(len, heard)) < 15000:
            heard.append(capture.read().wave)
        wave = np.concatenate(heard)
        assert wave[100:15000] == pytest.approx(tone[300:45000:3], abs=0.01)
        playback.write(wave[:8000], 0)
        playback.write(wave[8000:15000], 8000)
        assert 15000 - 1000 < playback.fill <= 15000
        finishing = threading.Thread(target=playback.finish)
        finishing.start()
        time.sleep(0.1)
        assert playback.fill == 15000
        said = loudspeaker.say(45000)
        finishing.join(LIMIT)
        assert said[300:44700] == pytest.approx(tone[300:44700], abs=0.01)
        assert playback.played.sample == 0
        assert playback.underruns == 0


def test_resampling_keeps_the_time():
    bridge = TimedResampler(44100, 16000)
    given = 0
    for turn in range(50):
        ready, late = bridge.push(np.zeros(441, np.float32))
        assert turn / 100 - late == pytest.approx(given / 16000)
        given += len(ready)
    rest, late = bridge.finish()
    assert 50 / 100 - late == pytest.approx(given / 16000)
    assert given + len(rest) == 8000


@pytest.mark.parametrize("port", [Capture, Playback])
def test_a_device_that_cannot_be_opened_or_started(sound, port):
    sound.broken = True
    with (
        pytest.raises(SottoError, match=r"\(MME\) can't be used \(Device unavailable\); close what uses it"),
        port(),
    ):
        pass
    assert sound.streams[0].closed
    sound.refused = -9985
    with pytest.raises(SottoError, match=r"\(MME\) can't be used \(Error opening stream\); close what uses it"):
        port()


def test_a_device_that_says_it_is_gone(sound):
    with Capture() as capture, Playback(lead=0) as playback:
        for stream in sound.streams:
            stream.how["finished_callback"]()
        with pytest.raises(SottoError, match=r"0 Inner microphone \(MME\) is disconnected; connect it again"):
            capture.read()
        with pytest.raises(SottoError, match=r"1 Inner loudspeaker \(MME\) is disconnected; connect it again"):
            playback.write(np.zeros(160, np.float32), 0)


def test_a_device_that_falls_silent(sound, quickly):
    with Capture() as capture, Playback(lead=0) as playback:
        playback.write(np.zeros(160, np.float32), 0)
        with pytest.raises(SottoError, match="is disconnected"):
            capture.read()
        with pytest.raises(SottoError, match="is disconnected"):
            playback.write(np.zeros(160, np.float32), 160)
        with pytest.raises(SottoError, match="is disconnected"):
            playback.finish()


def test_closing_never_hangs(sound, quickly, monkeypatch):
    never = threading.Event()
    with Capture() as capture:
        monkeypatch.setattr(sound.streams[0], "close", never.wait)
        capture.close()
        assert not never.is_set()  # it has not waited for it
        never.set()


@pytest.mark.realtime
def test_through_real_devices():
    """Its latency is measured by benchmarks/live.py."""
    with virtual_sound() as rig:
        line, latency, underruns, overflows = passed(rig)
    assert latency > 0
    if underruns or overflows:  # this machine was not in time
        assert np.std(line.ear) > 0
    else:
        late = round(lag(line.mouth, line.ear) * RATE)
        assert np.corrcoef(line.mouth[:-late], line.ear[late:])[0, 1] > 0.99


def passed(rig):
    """Pass speech through; return the recording, the latency as the ports tell it, underruns and overflows."""
    command = [sys.executable, "-c", PASS.format(samples=3 * RATE)]
    process = subprocess.Popen(command, env=rig.environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    with rig.record() as line:
        rig.play(speech(2.0))
    return line, *map(float, process.communicate(timeout=LIMIT)[0].split())


def test_a_sound_server_that_dies():
    with virtual_sound() as rig:
        command = [sys.executable, "-c", PASS.format(samples=60 * RATE)]
        process = subprocess.Popen(
            command, env=rig.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "begun\n"
        rig.kill()
        said = process.communicate(timeout=LIMIT)[1]
    assert "SottoError: 0 default (ALSA) is disconnected" in said
