"""Latency from mouth to ear of `sotto live` on a virtual microphone and loudspeaker, against what its meter shows.

    PYTHONPATH=tests python benchmarks/live.py

It needs PulseAudio, and a machine that does nothing else.
"""

import json
import os
import subprocess
import tempfile
import time

import soundfile
from helpers.commands import SOTTO
from helpers.processes import start
from helpers.pulse import lag, virtual_sound
from helpers.speakers import real_speech

RUNS = 3


def measured() -> tuple[float, dict]:
    """Return the seconds from mouth to ear, and the meters, of one run."""
    with virtual_sound() as rig:
        process = start(
            [*SOTTO, "live", "--record", "take", "-f", "--json"],
            env=rig.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while "Ctrl-C" not in process.stderr.readline():
            pass
        time.sleep(3)  # until the devices have found their pace
        with rig.record() as line:
            rig.play(real_speech(12))
            time.sleep(0.7)
        process.terminate()
        meters = json.loads(process.communicate()[0])
    subprocess.run([*SOTTO, "decode", "take/stream.sotto", "-q", "-f"], check=True)
    microphone, decoded = (soundfile.read(f"take/{name}.wav")[0] for name in ("input", "stream"))
    return lag(decoded, line.ear) - lag(microphone, line.mouth), meters


def main() -> None:
    """Print a line for each run."""
    print("mouth to ear   its meter   decoding   underruns   concealed")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for _ in range(RUNS):
            seconds, meters = measured()
            print(
                f"{1000 * seconds:9.0f} ms {meters['latency_ms']:8.0f} ms {meters['decode_rtf']:10.0%}"
                f" {meters['underruns']:11} {meters['concealed']:11}"
            )


if __name__ == "__main__":
    main()
