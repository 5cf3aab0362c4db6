"""Parts of a batch for the jobs of an array: `--shard 3/100`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of several parts of a batch.

    Attributes
    ----------
    number, count : int
        The part, from 1 on, and the number of parts.
    """

    number: int
    count: int

    def of(self, items: Sequence[Item]) -> list[Item]:
        """Return the items of this part: every `count`-th, so that the parts are disjoint and of about equal size."""
        return list(items[self.number - 1 :: self.count])


WHOLE = Shard(1, 1)


def parse_shard(text: str) -> Shard:
    """Return the part that ``I/N`` names.

    Raises
    ------
    ValueError
        When it is not of this form, or I is not from 1 to N.
    """
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
    shard = Shard(*map(int, match.groups())) if match else None
    if shard is None or not 1 <= shard.number <= shard.count:
        raise ValueError(text)
    return shard


class _ShardType(click.ParamType):
    name = "I/N"

    def convert(self, value: str | Shard, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        if isinstance(value, Shard):
            return value
        try:
            return parse_shard(value)
        except ValueError:
            self.fail(f"{value!r} is not I/N with I from 1 to N, such as 3/100", param, ctx)


SHARD = _ShardType()
