"""`sotto live` in real time, with a virtual microphone and loudspeaker, and without any."""

import json
import signal
import subprocess
import time

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO
from helpers.pulse import RATE, Recording, lag, virtual_sound
from helpers.speakers import real_speech

ATTEMPTS = 3
"""The machine is ours alone only most of the time."""


def live(*options: str) -> tuple[dict, Recording]:
    """Speak to `sotto live`: what it says of itself, and what was on the line."""
    with virtual_sound() as rig:
        process = subprocess.Popen(
            [*SOTTO, "live", "--record", "take", "-f", "--json", *options],
            env=rig.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while "Ctrl-C" not in (line := process.stderr.readline()):
            assert line, "it ended"
        time.sleep(3)  # until the devices have found their pace
        with rig.record() as recording:
            rig.play(real_speech(12))
            time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    return json.loads(out), recording


def taken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was recorded: said, decoded live, and decoded from the file."""
    subprocess.run([*SOTTO, "decode", "take/stream.sotto", "-q", "-f"], check=True)
    said, heard, offline = (soundfile.read(f"take/{name}.wav")[0] for name in ("input", "output", "stream"))
    return said, heard, offline


@pytest.mark.realtime
def test_speech_comes_out_in_time(in_folder):
    stoi = pytest.importorskip("pystoi").stoi
    for _ in range(ATTEMPTS):
        facts, line = live()
        said, heard, offline = taken()
        behind = lag(offline, line.ear)
        seconds = behind - lag(said, line.mouth)
        print(f"mouth to ear {1000 * seconds:.0f} ms; {facts}")
        if facts["underruns"] == 0 and seconds <= 0.3 and facts["decode"] <= 0.6:
            break
    assert facts["underruns"] == facts["overflows"] == facts["concealed"] == facts["lost"] == 0
    assert seconds <= 0.3
    assert abs(seconds - facts["latency"] / 1000) < 0.05  # the meter doesn't lie
    assert facts["decode"] <= 0.6

    assert len(offline) == len(said)
    np.testing.assert_array_equal(heard, offline[: len(heard)])
    assert len(heard) > len(said) - 0.3 * RATE
    start = round(behind * RATE)
    assert start < 0  # the line was recorded from a later moment on
    length = min(len(line.ear), len(offline) + start)
    assert stoi(offline[-start : length - start], line.ear[:length], RATE) >= 0.9


@pytest.mark.realtime
def test_a_bad_link_is_borne(in_folder):
    facts, line = live("--loss", "10", "--burst", "3", "--delay", "100", "--jitter", "50", "--buffer", "60")
    said, heard, offline = taken()
    assert 5 < facts["lost"] < 100 and facts["concealed"] >= facts["lost"]
    assert len(offline) == len(said)
    assert np.std(line.ear) > 0.3 * np.std(heard) > 0


def test_without_a_microphone(in_folder):
    if subprocess.run([*SOTTO, "devices"], capture_output=True).stdout:
        pytest.skip("this machine has one")
    done = subprocess.run([*SOTTO, "live", "--record", "take"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("sotto: ") and "Traceback" not in done.stderr
    assert any(word in line for word in ("sounddevice", "PortAudio", "loudspeaker", "microphone"))
    assert not list(in_folder.glob("take/*"))
