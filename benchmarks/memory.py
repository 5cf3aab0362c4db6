"""Peak memory of the commands on short and long recordings: it must not grow with length.

    python benchmarks/memory.py | tee docs/benchmarks/memory.txt

Repeats a sample to 2 minutes and 2 hours for `sotto encode`, and to 1 and 10 minutes for `sotto decode`. Prints peak
memory and real-time factor of each process.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

SAMPLE = Path(__file__).parents[1] / "samples" / "slt-16k-mono.wav"
RATE = 16000


def recording(path: Path, minutes: float) -> Path:
    """Write the sample repeated to some minutes."""
    wave, rate = soundfile.read(SAMPLE, dtype="int16")
    assert rate == RATE
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for _ in range(int(np.ceil(minutes * 60 * RATE / len(wave)))):
            file.write(wave)
    return path


def measure(*arguments: str | Path) -> tuple[float, float]:
    """Return peak memory (MB) and seconds of a command."""
    start = time.monotonic()
    program = [sys.executable, "-c", "from sottovoce.cli import main; main()"]
    process = subprocess.Popen([*program, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"memory: {' '.join(map(str, arguments))} ended with {process.returncode}")
    return usage.ru_maxrss / 1000, time.monotonic() - start


def main() -> None:
    """Print the table."""
    print(f"{'command':8} {'minutes':>8} {'peak MB':>8} {'RTF':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for command, lengths in (("encode", (2, 120)), ("decode", (1, 10))):
            for minutes in lengths:
                wave = recording(Path(folder, "talk.wav"), minutes)
                coded = Path(folder, "talk.sotto")
                used = measure("encode", wave, "-o", coded, "-f", "-q", "-j", "1")
                if command == "decode":
                    wave.unlink()
                    used = measure("decode", coded, "-o", wave, "-f", "-q", "-j", "1")
                print(f"{command:8} {minutes:8} {used[0]:8.0f} {used[1] / (60 * minutes):7.3f}", flush=True)


if __name__ == "__main__":
    main()
