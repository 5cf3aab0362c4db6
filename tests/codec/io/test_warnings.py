"""What is missing from a recording is reported to the user."""

import subprocess

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO


@pytest.fixture
def sotto_here(toy, in_folder):
    return None


def test_the_user_sees_the_warning(sotto_here):
    soundfile.write("whole.wav", np.full(32_000, 0.1), 16_000)
    with open("whole.wav", "rb") as whole, open("cut.wav", "wb") as file:
        file.write(whole.read(40_000))
    run = subprocess.run([*SOTTO, "encode", "cut.wav"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0
    assert run.stderr.startswith("warning: cut.wav: it was cut off: 0.75 of 2.00 s are missing")
