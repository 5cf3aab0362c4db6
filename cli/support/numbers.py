"""Numbers separated by commas, as values of options."""

from typing import Any

import click


class Numbers(click.ParamType):
    """Numbers separated by commas; each is counted once."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers."""
        if not isinstance(value, str):
            return tuple(value)
        try:
            return tuple(dict.fromkeys(float(word) for word in value.split(",")))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 5,10", param, ctx)


NUMBERS = Numbers()
