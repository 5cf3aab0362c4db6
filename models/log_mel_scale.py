"""The scale at which networks see log-mel: about zero mean and unit variance for speech at the models' level."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")  # an ndarray of numpy or a Tensor of torch

OFFSET, SCALE = 5, 4


def normalised(mel: T) -> T:
    """Log-mel in nepers to the scale of the networks."""
    return (mel + OFFSET) / SCALE  # type: ignore[operator,return-value]


def denormalised(x: T) -> T:
    """Inverse of `normalised`."""
    return x * SCALE - OFFSET  # type: ignore[operator,return-value]
