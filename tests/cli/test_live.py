"""`sotto live` in real time, with a virtual microphone and loudspeaker, and without any."""

import json
import signal
import subprocess
import time

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO
from helpers.processes import LIMIT, start
from helpers.pulse import Recording, virtual_sound
from helpers.speakers import real_speech


def live(*options: str) -> tuple[dict, Recording]:
    """Speak to `sotto live`: what it says of itself, and what was on the line."""
    with virtual_sound() as rig:
        process = start(
            [*SOTTO, "live", "--record", "take", "-f", "--json", *options],
            env=rig.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while "Ctrl-C" not in (line := process.stderr.readline()):
            assert line, "it ended"
        with rig.record() as recording:
            rig.play(real_speech(12))
            time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    return json.loads(out), recording


def taken() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was recorded: said, decoded live, and decoded from the file."""
    subprocess.run([*SOTTO, "decode", "take/stream.sotto", "-q", "-f"], check=True)
    said, heard, offline = (soundfile.read(f"take/{name}.wav")[0] for name in ("input", "output", "stream"))
    return said, heard, offline


@pytest.mark.realtime
def test_speech_comes_out(in_folder):
    """How soon it does is measured by benchmarks/live.py."""
    facts, line = live()
    recorded, played, offline = taken()
    assert len(offline) == len(recorded)
    assert facts["lost"] == 0
    assert np.std(line.ear) > 0.3 * np.std(recorded) > 0
    if not facts["concealed"]:  # nothing on this machine came too late
        np.testing.assert_array_equal(played, offline[: len(played)])


@pytest.mark.realtime
def test_a_bad_link_is_borne(in_folder):
    facts, line = live("--loss", "10", "--burst", "3", "--delay", "100", "--jitter", "50", "--buffer", "60")
    recorded, played, offline = taken()
    assert facts["lost"] > 0 and facts["concealed"] > 0
    assert len(offline) == len(recorded)
    assert np.std(line.ear) > 0.2 * np.std(played) > 0


def test_without_a_microphone(in_folder):
    if subprocess.run([*SOTTO, "devices"], capture_output=True).stdout:
        pytest.skip("this machine has one")
    done = subprocess.run([*SOTTO, "live", "--record", "take"], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("sotto: ") and "Traceback" not in done.stderr
    assert any(word in line for word in ("sounddevice", "PortAudio", "loudspeaker", "microphone"))
    assert not list(in_folder.glob("take/*"))
