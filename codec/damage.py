"""What links do to packets."""

import numpy as np


class BurstLoss:
    """A link that loses packets in bursts (Gilbert 1960, Bell System Technical Journal 39; its bad state loses all).

    Parameters
    ----------
    loss : float
        The part of all packets that is lost, 0 to below 1.
    burst : float
        Packets lost in a row, on average; 1 or more.
    seed : int
        Of the random numbers.
    """

    def __init__(self, loss: float, burst: float = 1.0, seed: int = 0) -> None:
        if not (0 <= loss < 1 and burst >= 1):
            raise ValueError("a loss is 0 to below 1, a burst 1 packet or more")
        self._end = 1 / burst
        self._begin = min(1.0, loss / (1 - loss) / burst)
        self._random = np.random.default_rng(seed)
        self._bad = self._random.random() < loss

    def __call__(self) -> bool:
        """Return whether the next packet is lost."""
        lost = bool(self._bad)
        self._bad = self._random.random() < (1 - self._end if lost else self._begin)
        return lost
