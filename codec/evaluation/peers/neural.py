"""What neural codecs have in common: they turn a recording into codes, and have no file format of their own.

The codes are packed bit by bit, after six bytes for the number of samples and of steps, so that rates are those of a
file without any further overhead.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import RATE, MissingProgram, Wave, behaviour
from sottovoce.codec.evaluation.peers.settings import PeerSettings

HEADER = struct.Struct("<IH")
"""Samples at 16 kHz, and steps."""


def need(package: str, module: str, install: str) -> None:
    """Complain if a package is not installed.

    Raises
    ------
    MissingProgram
        When its module is not found.
    """
    if util.find_spec(module) is None:
        raise MissingProgram(install or f"pip install {package}")


def weights(settings: PeerSettings, family: str, *names: str, source: str) -> Path:
    """Return the folder with the weights of a codec.

    Parameters
    ----------
    settings : PeerSettings
        With the folder of all weights.
    family : str
        Name of the codec, and of its folder.
    *names : str
        Files that must be there.
    source : str
        Where they are published.

    Raises
    ------
    MissingProgram
        When one is not there.
    """
    folder = settings.folder(family)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise MissingProgram(f"put {', '.join(missing)} of {source} into {folder} and name its parent with --weights")
    return folder


def numpy_codes(tensor: Any) -> NDArray[np.int64]:
    """Return a tensor of codes as an array."""
    return np.asarray(tensor.cpu().numpy(), np.int64)


def tensor_of(array: NDArray[Any]) -> Any:
    """Return an array as a torch tensor, and keep torch to one thread, as processes already use the cores."""
    import torch

    torch.set_num_threads(1)
    return torch.from_numpy(np.ascontiguousarray(array))


class CodesPeer(ABC):
    """A codec of codes.

    Parameters
    ----------
    name, title : str
        As the command line and people call it.
    package : str
        Distribution whose version is part of its identity.
    input_rate, output_rate : int [Hz]
        Rates of what it encodes and decodes.
    sizes : sequence of int
        Number of entries of each book.
    step_rate : float [Hz]
        Steps per second.
    per_step : sequence of int, optional
        Codes of each book in a step. [one]
    """

    def __init__(
        self,
        name: str,
        title: str,
        package: str,
        *,
        input_rate: int,
        sizes: Sequence[int],
        step_rate: float,
        output_rate: int | None = None,
        per_step: Sequence[int] | None = None,
    ) -> None:
        self.name, self.title, self.family = name, title, name.partition(":")[0]
        self._package, self._input_rate, self._output_rate = package, input_rate, output_rate or input_rate
        self._widths = [(size - 1).bit_length() for size in sizes]
        self._per_step = list(per_step or [1] * len(self._widths))
        self.bit_rate: float | None = step_rate * self._bits

    @property
    def _bits(self) -> int:
        """Bits of a step."""
        return sum(width * count for width, count in zip(self._widths, self._per_step, strict=True))

    @cached_property
    def identity(self) -> str:
        """Version of the package, and a hash of what its weights make of noise."""
        try:
            version = metadata.version(self._package)
        except metadata.PackageNotFoundError:
            version = ""
        return f"{self._package} {version} {self.name} {behaviour(self)}"

    @abstractmethod
    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book.

        Parameters
        ----------
        wave : ndarray of float32 [shape=(n,)]
            A recording at the input rate.
        """

    @abstractmethod
    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at the output rate from the codes of each book."""

    def encode(self, wave: Wave) -> bytes:
        """Return the packed codes of a recording."""
        codes = self.codes(soxr.resample(wave, RATE, self._input_rate, "VHQ").astype(np.float32))
        steps = len(codes[0]) // self._per_step[0]
        columns = [
            _bits_of(book[: steps * count].reshape(steps, count), width)
            for book, width, count in zip(codes, self._widths, self._per_step, strict=True)
        ]
        return HEADER.pack(len(wave), steps) + np.packbits(np.concatenate(columns, 1)).tobytes()

    def decode(self, data: bytes) -> Wave:
        """Return the recording of packed codes."""
        samples, steps = HEADER.unpack_from(data)
        bits = np.unpackbits(np.frombuffer(data, np.uint8, offset=HEADER.size), count=steps * self._bits)
        ends = np.cumsum([width * count for width, count in zip(self._widths, self._per_step, strict=True)])
        columns = np.split(bits.reshape(steps, self._bits), ends[:-1], axis=1)
        codes = [_codes_of(column, width) for column, width in zip(columns, self._widths, strict=True)]
        wave = soxr.resample(self.speech(codes).astype(np.float32), self._output_rate, RATE, "VHQ")
        return np.pad(wave[:samples], (0, max(0, samples - len(wave)))).astype(np.float32)

    def commands(self) -> tuple[list[str], list[str]] | None:
        """There is no program."""
        return None


def _bits_of(codes: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Return codes [shape=(steps, count)] as bits [shape=(steps, count * width)], the highest first."""
    bits = codes[:, :, None] >> np.arange(width - 1, -1, -1) & 1
    return bits.reshape(len(codes), -1).astype(np.uint8)


def _codes_of(bits: NDArray[np.uint8], width: int) -> NDArray[np.int64]:
    powers = 1 << np.arange(width - 1, -1, -1)
    return bits.reshape(-1, width).astype(np.int64) @ powers
