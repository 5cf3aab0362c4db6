"""What waits between one task and the next."""

import asyncio
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Queue(Generic[Item]):
    """Things in their order, each of a size; all that wait are taken at once.

    Parameters
    ----------
    bound : int
        Of the sizes together.
    full : Exception
        Raised for what has no room any more.
    """

    def __init__(self, bound: int, full: Exception) -> None:
        self._bound = bound
        self._full = full
        self._items: list[Item] = []
        self._size = 0
        self._some = asyncio.Event()

    def put(self, item: Item, size: int) -> None:
        """Add a thing."""
        self._size += size
        if self._size > self._bound:
            raise self._full
        self._items.append(item)
        self._some.set()

    async def take(self) -> list[Item]:
        """Wait for things and take all."""
        await self._some.wait()
        self._some.clear()
        items, self._items, self._size = self._items, [], 0
        return items
