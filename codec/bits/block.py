"""Blocks of codes, as a reader gives them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.packets import Voice
from sottovoce.codec.bits.voices import VoiceChange

Codes = npt.NDArray[np.int16]


class CodeBlock:
    """Some steps in a row, whose codes are unpacked when they are looked at.

    Parameters
    ----------
    steps : int
        How many.
    codes : ndarray of int16 [steps, books], callable or None
        The codes, or what returns them; None when they are damaged.
    voice : Voice or None
        The voice that the speech is in from here on, where a packet tells it.
    size : int
        Bytes that it takes in the stream, or took before it was lost; 0 when it is damaged.
    restored : bool
        Whether it was lost, and restored by what protects it.
    changes : tuple of VoiceChange
        Where in it the voice changes, in the place of `voice`.
    """

    __slots__ = ("_codes", "changes", "restored", "size", "steps")

    def __init__(
        self,
        steps: int,
        codes: Codes | Callable[[], Codes] | None,
        voice: Voice | None = None,
        size: int = 0,
        restored: bool = False,
        changes: tuple[VoiceChange, ...] = (),
    ) -> None:
        self.steps = steps
        self.changes = (VoiceChange(0, voice),) if voice else changes
        self.size = size
        self.restored = restored
        self._codes = codes

    @property
    def voice(self) -> Voice | None:
        """The voice that the block gives for its first step."""
        return self.changes[0].voice if self.changes and not self.changes[0].step else None

    @property
    def damaged(self) -> bool:
        """Whether its codes are to be concealed."""
        return self._codes is None

    @property
    def codes(self) -> Codes | None:
        """The codes, int16 [steps, books]; None when they are damaged."""
        if callable(self._codes):
            self._codes = self._codes()
        return self._codes
