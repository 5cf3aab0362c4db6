"""What a stream remembers, apart from the weights: taken, put back, copied, saved."""

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
    """All that a stream remembers, by name; its size doesn't grow with time.

    Parameters
    ----------
    arrays : dict of str to array
    """

    arrays: dict[str, NDArray[Any]]

    def copy(self) -> State:
        """The same, to go on from on its own."""
        return State({name: array.copy() for name, array in self.arrays.items()})

    def save(self) -> bytes:
        """As a safetensors file."""
        return save({name: np.ascontiguousarray(array) for name, array in self.arrays.items()})

    @classmethod
    def load(cls, data: bytes) -> State:
        """What `save` made.

        Raises
        ------
        ValueError
            When it is something else.
        """
        try:
            return cls(load(data))
        except SafetensorError as error:
            raise ValueError(f"not the state of a stream: {error}") from error


class Stateful:
    """Something with a past: attributes that are arrays, numbers, or themselves such things or lists of them."""

    STATE_FIELDS: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """A copy of what it remembers; assigning one goes on from there.

        Raises
        ------
        ValueError
            When it is assigned the state of something else.
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
    """Where the values are: their full names, whose attributes they are, and the attributes' names."""
    for key in thing.STATE_FIELDS:
        value = getattr(thing, key)
        parts = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, part in parts:
            name = f"{prefix}{key}" if index is None else f"{prefix}{key}.{index}"
            if isinstance(part, Stateful):
                yield from _places(part, f"{name}.")
            elif not isinstance(value, list):
                yield name, thing, key
