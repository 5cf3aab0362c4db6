"""State of a stream, apart from the weights: read, assigned, copied, saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save


@dataclass
class State:
    """State of a stream, by name; its size does not grow with time.

    Parameters
    ----------
    arrays : dict of str to ndarray
    """

    arrays: dict[str, NDArray[Any]]

    def copy(self) -> State:
        """Return an independent copy."""
        return State({name: array.copy() for name, array in self.arrays.items()})

    def save(self) -> bytes:
        """Return it as a safetensors file."""
        return save({name: np.ascontiguousarray(array) for name, array in self.arrays.items()})

    @classmethod
    def load(cls, data: bytes) -> State:
        """Read the bytes that `save` returned.

        Raises
        ------
        ValueError
            When they are not a state.
        """
        try:
            return cls(load(data))
        except SafetensorError as error:
            raise ValueError(f"not the state of a stream: {error}") from error


class Stateful:
    """An object whose state consists of attributes: arrays, numbers, other such objects, or lists of them.

    Subclasses name these attributes in `STATE_FIELDS`.
    """

    STATE_FIELDS: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """A copy of the state; assign one to continue from it.

        Raises
        ------
        ValueError
            When the state of another kind of object is assigned.
        """
        return State({name: np.array(getattr(owner, key)) for name, owner, key in _places(self, "")})

    @state.setter
    def state(self, state: State) -> None:
        places = list(_places(self, ""))
        if {name for name, _, _ in places} != set(state.arrays):
            raise ValueError("the state of another kind of stream")
        for name, owner, key in places:
            now, then = getattr(owner, key), state.arrays[name]
            if isinstance(now, np.ndarray):
                if now.ndim != then.ndim or now.shape[1:] != then.shape[1:]:
                    raise ValueError("the state of another model's stream")
                setattr(owner, key, then.copy())
            else:
                setattr(owner, key, then.item())


def _places(thing: Stateful, prefix: str) -> Iterator[tuple[str, Any, str]]:
    """Yield full name, owner and attribute of each value of the state."""
    for key in thing.STATE_FIELDS:
        value = getattr(thing, key)
        parts = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, part in parts:
            name = f"{prefix}{key}" if index is None else f"{prefix}{key}.{index}"
            if isinstance(part, Stateful):
                yield from _places(part, f"{name}.")
            elif not isinstance(value, list):
                yield name, thing, key
