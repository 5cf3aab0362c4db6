"""Whose voice it is: how loud somebody speaks, and who, learnt while the speech goes on."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Voice
from sottovoce.codec.voice.level import byte_to_level, level_of_all, level_to_byte, normalising_gain, speech_level
from sottovoce.models.activity import find_runs, speech_in
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

SHORTEST_FRAMES = 16
"""Minimum number of louder frames of 10 ms in a jump: a thump has fewer."""

RECENT_SECONDS = 3
"""Seconds by which it is decided whether a jump is speech."""

FAINTEST = -90.0
"""dBov above which sound may be speech, as long as nobody is known to have spoken."""


def voice_of(wave: npt.NDArray[np.float32], model: Release, speaker_codes: int | None = None) -> Voice:
    """Measure level and speaker of a recording (n,) at the model's rate, full scale 1, n >= 1.

    Only what `find_runs` takes for speech counts, if there is any. Of the speaker vector the first `speaker_codes`
    codes are measured, at least one; None is all.
    """
    spoken = speech_in(wave, find_runs(wave))
    if not len(spoken):
        return _voice(level_of_all(wave), wave, model, speaker_codes)
    return _voice(speech_level(spoken), spoken, model, speaker_codes)


def _voice_of_speech(spoken: npt.NDArray[np.float32], model: Release) -> Voice:
    return _voice(speech_level(spoken), spoken, model)


def _voice(level: float, wave: npt.NDArray[np.float32], model: Release, speaker_codes: int | None = None) -> Voice:
    byte = level_to_byte(level)
    return Voice(byte, model.speaker(wave * normalising_gain(byte), speaker_codes))


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
        self._level = level_to_byte(TARGET_DB)
        self._speaker = np.frombuffer(model.neutral_speaker, np.uint8)
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
            self._measure(WINDOW_SECONDS * 100)
        elif self._frames % JUMP_FRAMES < len(power):
            if self._louder_speech(self._heard[-JUMP_FRAMES * HOP :]):
                self._measure(JUMP_FRAMES)
        elif self._quiet >= WINDOW_SECONDS * 100:
            self._quiet = 0
            self._measure(WINDOW_SECONDS * 100)  # of somebody farther away, where somebody speaks

    def _louder_speech(self, wave: npt.NDArray[np.float32]) -> bool:
        """Return whether there is louder speech in what came last, and not just a beep or a thump after speech."""
        limit = byte_to_level(self._level) + JUMP_DB
        if active_level(wave) <= limit or (_powers(wave) > 10 ** (limit / 10)).sum() < SHORTEST_FRAMES:
            return False
        return any(run.speech for run in find_runs(wave))

    def _measure(self, frames: int) -> None:
        """Measure the voice in the last frames of 10 ms, where there is speech in them."""
        recent = self._heard[-max(frames, RECENT_SECONDS * 100) * HOP :]
        start = len(recent) - frames * HOP
        runs = [replace(run, start=max(start, run.start)) for run in find_runs(recent) if run.stop > start]
        spoken = speech_in(recent, runs)
        if len(spoken):
            self._level, speaker = _voice_of_speech(spoken, self._model)
            self._speaker = np.frombuffer(speaker, np.uint8)
            self._floor = byte_to_level(self._level) - MARGIN_DB


def _powers(wave: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean squares of frames of 10 ms."""
    return np.square(wave.reshape(-1, HOP), dtype=np.float64).mean(1)
