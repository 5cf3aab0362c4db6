"""Arrays in and out: what programs give is checked, and decoded samples are collected."""

from operator import index
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from sottovoce.codec.errors import SottoError

MAX_CHANNELS = 255
ORDINARY_CHANNELS = 8
"""More than these, and more than samples, are taken for samples."""


def checked(wave: npt.ArrayLike) -> npt.NDArray:
    """Return the wave as an array that isn't laid out the wrong way round."""
    array = np.asarray(wave)
    if array.ndim == 2:
        samples, channels = array.shape
        if not 1 <= channels <= MAX_CHANNELS or max(samples, ORDINARY_CHANNELS) < channels:
            raise SottoError(f"{samples} samples of {channels} channels", "transpose it: give [samples, channels]")
    return array


def integer(value: SupportsIndex, what: str, lowest: int, highest: int) -> int:
    """Return an integer of any type as Python's own."""
    try:
        whole = index(value)
    except TypeError as error:
        raise SottoError(f"the {what} is of type {type(value).__name__}", "give an integer") from error
    if not lowest <= whole <= highest:
        raise SottoError(f"the {what} is {whole}", f"give an integer from {lowest} to {highest}")
    return whole


class CollectedSamples:
    """A sink that keeps the samples."""

    def __init__(self) -> None:
        self._waves: list[npt.NDArray[np.int16]] = []

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Add samples."""
        self._waves.append(wave)

    def close(self) -> None:
        """Do nothing: there is no file."""

    def clear(self) -> None:
        """Drop the samples so far."""
        self._waves.clear()

    def wave(self) -> npt.NDArray[np.float32]:
        """Return all samples (n,), float32 of full scale 1."""
        return np.concatenate(self._waves).astype(np.float32) / np.float32(32768)
