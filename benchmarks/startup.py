"""How long commands take that compute nothing: help and version, from the start of Python to its end.

python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

SOTTO = (sys.executable, "-c", "from sottovoce.cli import main; main()")
RUNS = 10


def seconds(*arguments: str) -> float:
    """Return the wall time of one run of a command."""
    start = time.perf_counter()
    subprocess.run([*SOTTO, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the fastest and the median of some runs."""
    print("command                fastest   median")
    for arguments in (("--help",), ("--version",), ("encode", "--help"), ("live", "--help")):
        runs = [seconds(*arguments) for _ in range(RUNS)]
        print(f"sotto {' '.join(arguments):<15} {min(runs):6.3f} s {statistics.median(runs):6.3f} s")


if __name__ == "__main__":
    main()
