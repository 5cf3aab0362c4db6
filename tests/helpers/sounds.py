"""Sounds for tests."""

import numpy as np


def speech(seconds: float, rate: int = 16000, channels: int = 1, level: float = 0.1) -> np.ndarray:
    """Something that has a rhythm and pauses as speech does, float32 [samples] or [samples, channels]."""
    time = np.arange(round(seconds * rate)) / rate
    wave = np.sin(2 * np.pi * 140 * time) * np.maximum(0, np.sin(2 * np.pi * 1.3 * time)) * level
    wave = wave.astype(np.float32)
    return wave if channels == 1 else np.repeat(wave[:, None], channels, axis=1)
