"""Whose voice it is: how loud somebody speaks, and who, learnt while the speech goes on."""

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Voice
from sottovoce.codec.voice.level import byte_of_level, level_byte, level_of_byte, normalising_gain
from sottovoce.models.features import HOP
from sottovoce.models.level import MARGIN_DB, TARGET_DB, active_level
from sottovoce.models.release import Release
from sottovoce.models.runtime.state import Stateful

HEAD_SECONDS = 60
"""Level and speaker of a recording are taken from this much of its start."""

WINDOW_SECONDS = 10
"""The voice is taken from this much of what was heard last."""

FIRST_SECONDS = 0.5
"""Seconds of speech after which a voice is taken for the first time; then after twice as many, and so on."""

RARELY_SECONDS = 10.0
"""Seconds of speech after which it is taken anew, at the longest."""

JUMP_DB = 6.0
"""Speech that is so much louder than was believed changes the voice at once."""

JUMP_FRAMES = 40
"""Frames of 10 ms in which a jump is looked for."""

FAINTEST = -65.0
"""dBov above which sound may be speech, as long as nobody is known to have spoken."""

SWING_DB = 15.0
"""By so much the louder moments of speech exceed its pauses; those of steady noise don't."""


def voice_of(wave: npt.NDArray[np.float32], model: Release) -> Voice:
    """Measure the voice in a stretch of speech (n,) at the model's rate, full scale 1, n >= 1."""
    level = level_byte(wave)
    return Voice(level, model.speaker(wave * normalising_gain(level)))


class VoiceTracker(Stateful):
    """Takes the voice from speech while it comes in.

    It begins with nobody in particular, at the models' own level, and changes its mind seldom: each change costs bytes.

    Parameters
    ----------
    model : Release
    """

    STATE_FIELDS = ("_level", "_speaker", "_heard", "_floor", "_active", "_due", "_frames", "_quiet")

    def __init__(self, model: Release) -> None:
        self._model = model
        self._level = byte_of_level(TARGET_DB)
        self._speaker = np.frombuffer(model.nobody, np.uint8)
        self._heard = np.zeros(0, np.float32)
        self._floor = FAINTEST  # level of a frame of speech, at least
        self._active = 0  # frames of speech so far
        self._due = round(FIRST_SECONDS * 100)  # at how many of them to look again
        self._frames = 0
        self._quiet = 0  # frames since the last one of speech

    @property
    def voice(self) -> Voice:
        """What is believed now."""
        return Voice(self._level, self._speaker.tobytes())

    def hear(self, wave: npt.NDArray[np.float32]) -> None:
        """Take speech as it was recorded, full scale 1, in whole frames of 10 ms."""
        self._heard = np.concatenate((self._heard, wave))[-WINDOW_SECONDS * self._model.sample_rate :]
        power = _powers(wave)
        active = int((power > 10 ** (self._floor / 10)).sum())
        self._active += active
        self._frames += len(power)
        self._quiet = 0 if active else self._quiet + len(power)
        if self._active >= self._due:
            self._due = self._active + min(self._active, round(RARELY_SECONDS * 100))
            self._believe(voice_of(self._heard, self._model))
        elif self._frames % JUMP_FRAMES < len(power):
            last = self._heard[-JUMP_FRAMES * HOP :]
            if active_level(last) > level_of_byte(self._level) + JUMP_DB:
                self._believe(voice_of(last, self._model))
        elif self._quiet >= WINDOW_SECONDS * 100:
            self._quiet = 0
            loud, soft = np.quantile(_powers(self._heard), (0.95, 0.2))
            if loud > max(10 ** (FAINTEST / 10), soft * 10 ** (SWING_DB / 10)):  # somebody, but farther away
                self._believe(voice_of(self._heard, self._model))

    def _believe(self, voice: Voice) -> None:
        self._level, self._speaker = voice.level, np.frombuffer(voice.speaker, np.uint8)
        self._floor = level_of_byte(self._level) - MARGIN_DB


def _powers(wave: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean squares of frames of 10 ms."""
    return np.square(wave.reshape(-1, HOP), dtype=np.float64).mean(1)
