"""What the tests share.

Most tests of `codec` and `cli` run with a toy in place of the trained model: they are about files, errors and streams.
`tests/cli/test_trained.py` runs `sotto` with the real one.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from helpers.sounds import speech
from hypothesis import HealthCheck, settings

# No test depends on how busy the machine is: neither an example's time nor that of its generation is limited.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

STUB_SITE = str(Path(__file__).parent / "helpers" / "stub_site")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line with the number of tests that were skipped, and for which reasons."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")
        for report in reports
    )
    if reasons:
        listed = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"skipped {len(reports)} tests: {listed}", yellow=True)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts the toy in the models' place, here and in processes started from here."""
    from helpers import stub_release

    from sottovoce.codec import models
    from sottovoce.codec.offline import lockstep

    monkeypatch.setattr(models, "release", stub_release)
    monkeypatch.setattr(lockstep, "decode_batch", stub_release.decode_batch)
    monkeypatch.setenv("PYTHONPATH", STUB_SITE, prepend=os.pathsep)
    models.loaded.cache_clear()
    yield
    models.loaded.cache_clear()


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for a test, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def wav(in_folder: Path) -> Callable[..., str]:
    """Writes a recording and returns its name."""

    def write(
        name: str = "talk.wav", seconds: float = 3.0, rate: int = 16000, channels: int = 1, **how: str | None
    ) -> str:
        path = in_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, speech(seconds, rate, channels), rate, **how)
        return name

    return write
