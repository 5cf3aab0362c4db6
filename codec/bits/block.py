"""Blocks of codes, as a reader gives them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.packets import Voice

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
    """

    __slots__ = ("_codes", "restored", "size", "steps", "voice")

    def __init__(
        self,
        steps: int,
        codes: Codes | Callable[[], Codes] | None,
        voice: Voice | None = None,
        size: int = 0,
        restored: bool = False,
    ) -> None:
        self.steps = steps
        self.voice = voice
        self.size = size
        self.restored = restored
        self._codes = codes

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
