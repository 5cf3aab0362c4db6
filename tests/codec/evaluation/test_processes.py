import subprocess
import sys

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import processes
from sottovoce.codec.evaluation.processes import peak_memory, processor_seconds


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


@pytest.mark.skipif(sys.platform == "win32", reason="it doesn't tell")
def test_memory_is_the_programs_own():
    own = bytes(200_000_000)  # must not count
    small = peak_memory(python("import time; time.sleep(0.1)"))
    large = peak_memory(python("import time; x = bytearray(b'a') * 50_000_000; time.sleep(0.1)"))
    assert 2e6 < small < 30e6
    assert 40e6 < large - small < 60e6
    assert len(own)


@pytest.mark.skipif(sys.platform == "win32", reason="it doesn't tell")
def test_memory_of_programs_that_end_at_once():
    own = bytes(200_000_000)
    assert all((peak_memory(["true"]) or 0) < 30e6 for _ in range(5))
    assert len(own)


def test_programs_that_fail_are_named():
    with pytest.raises(SottoError, match=r"ended with status 3 \(oh no\)"):
        peak_memory(python("import sys; sys.stderr.write('oh\\nno'); sys.exit(3)"))
    with pytest.raises(SottoError, match="no-such-program: no such file"):
        peak_memory(["no-such-program"])


def test_time_of_programs_counts():
    start = processor_seconds()
    subprocess.run(python("sum(range(5_000_000))"), check=True)
    assert processor_seconds() - start > 0.05


@pytest.mark.skipif(sys.platform == "win32", reason="it doesn't tell")
def test_no_program_outlives_an_interruption(monkeypatch):
    started = []

    class Program(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Program)
    monkeypatch.setattr(processes, "_high_water", interrupt)
    with pytest.raises(KeyboardInterrupt):
        peak_memory(python("import time; time.sleep(600)"))
    assert started[0].returncode == -9
