"""From channels to mono while a recording goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sottovoce.models.audio.channels import ChannelMix, ChannelStatistics, scaled

_DECISION_SECONDS = 0.5
"""Seconds after which the channels are looked at again."""

_MEMORY_SECONDS = 30
"""Seconds of sound that decide, at most."""


class RunningMix:
    """Mixes blocks as `ChannelStatistics` says of what has been received so far: at first their average.

    Parameters
    ----------
    rate, channels : int

    Attributes
    ----------
    warnings : list of str
        What the user should know of the channels.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._channels = rate, channels
        self._statistics = ChannelStatistics(rate, channels)
        self._mix = ChannelMix()
        self._due = _DECISION_SECONDS * rate
        self.warnings: list[str] = []

    def __call__(self, block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a block (n, channels) as mono (n,), float32 of full scale 1."""
        self._statistics.push(scaled(block))
        before = self._mix
        if self._statistics.frames >= self._due:
            # Floats beyond full scale are clipped, as a scale that changes on the way would be heard.
            self._mix = replace(self._statistics.mix(), scale=1.0)
            self.warnings += [line for line in self._mix.warnings if line not in self.warnings]
            self._due = self._statistics.frames + _DECISION_SECONDS * self._rate
            if self._statistics.frames >= _MEMORY_SECONDS * self._rate:
                self._statistics = ChannelStatistics(self._rate, self._channels)
                self._due = _MEMORY_SECONDS / 2 * self._rate
        if before is self._mix:
            return before(block)
        share = np.linspace(0, 1, len(block), dtype=np.float32)
        old = before(block)
        return old + (self._mix(block) - old) * share
