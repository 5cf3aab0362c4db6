"""`sotto live` in real time, with a virtual microphone and loudspeaker, and without any."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from commands import SOTTO
from pulse import RATE, lag, virtual_sound

from sottovoce.codec.audio import open_sound

SAMPLES = Path(__file__).parents[2] / "samples"


def real_speech(seconds: float) -> np.ndarray:
    """Speech of several people, float32 (n,) at 16 kHz."""
    pieces = []
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix in (".wav", ".flac"):
            with open_sound(str(path), RATE) as sound:
                pieces += list(sound)
    return np.concatenate(pieces)[: round(seconds * RATE)]


def until_ready(process: subprocess.Popen) -> None:
    """Wait for the line that says that it runs."""
    line = process.stderr.readline()
    while "ALSA" in line:
        line = process.stderr.readline()
    assert "Ctrl-C" in line


def busy() -> float:
    """The part of all cores that other processes used in the last moment."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


@pytest.mark.parametrize("bad_link", [False, True])
def test_speech_comes_out_in_time(bad_link, in_folder):
    link = ["--loss", "10", "--burst", "3"] if bad_link else []
    speech = real_speech(14)
    with virtual_sound() as rig:
        process = subprocess.Popen(
            [*SOTTO, "live", "--record", "take", "--json", *link],
            env=rig.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until_ready(process)
        time.sleep(1)
        with rig.record() as line:
            rig.play(speech)
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    said = json.loads(out)
    print(said)

    subprocess.run([*SOTTO, "decode", "take/stream.sotto", "-q"], check=True)
    offline, given, live = (soundfile.read(f"take/{name}.wav")[0] for name in ("stream", "input", "output"))
    assert len(offline) == len(given)
    seconds = lag(offline, line.ear) - lag(given, line.mouth)
    print("mouth to ear", seconds)
