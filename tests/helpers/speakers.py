"""The speech in samples/, for tests that need real words."""

from pathlib import Path

import numpy as np

from sottovoce.codec.io.audio import open_sound

SAMPLES = Path(__file__).parents[2] / "samples"


def real_speech(seconds: float) -> np.ndarray:
    """Speech of several voices, one after the other, float32 (n,) at 16 kHz."""
    pieces = []
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix in (".wav", ".flac"):
            with open_sound(str(path), 16000) as sound:
                pieces += list(sound)
    return np.resize(np.concatenate(pieces), round(seconds * 16000))
