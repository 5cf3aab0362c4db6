"""How long things are."""

BLOCK_STEPS = 50
"""Steps in every block but the last: two seconds at 25 steps a second."""


def steps_of(samples: int, step: int) -> int:
    """Return the number of steps of `step` samples that hold `samples` samples."""
    return -(-samples // step)


def positive(count: int) -> int:
    """Return `count`; raise ValueError where it isn't positive."""
    if count < 1:
        raise ValueError(f"{count} is not a positive count")
    return count
