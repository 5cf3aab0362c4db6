"""Options that several commands share."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sottovoce.cli.support.names import models, presets

if TYPE_CHECKING:
    from sottovoce.models.release import Release

inputs = click.argument("inputs", metavar="IN...", nargs=-1, required=True, type=click.Path(allow_dash=True))
output = click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(allow_dash=True),
    help="File, or folder for several inputs. [beside the input]",
)
preset = click.option(
    "--preset", default="default", show_default=True, shell_complete=presets, help="Rate: see `sotto models`."
)
model = click.option(
    "--model", default="default", show_default=True, shell_complete=models, help="Name, or path of the weights."
)
weights = click.option("--model", shell_complete=models, help="Path of the weights, where the model is not in the box.")
coded_output = click.option(
    "-o", "--output", metavar="OUT", required=True, type=click.Path(allow_dash=True), help="The .sotto file to write."
)
seed = click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**64 - 1), help="For the decoder.")
recursive = click.option("-r", "--recursive", is_flag=True, help="Take the folders in a folder too.")
workers = click.option("-j", "--jobs", "workers", type=click.IntRange(1), help="Processes. [as many as cores]")
force = click.option("-f", "--force", is_flag=True, help="Overwrite outputs.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Say only warnings and errors.")
as_json = click.option("--json", "as_json", is_flag=True, help="Say results as JSON, an object a line.")
_start = click.option("--from", "start", default=0.0, metavar="SECONDS", help="Begin there. [the start]")
_stop = click.option("--to", "stop", default=math.inf, metavar="SECONDS", help="End there. [the end]")
microphone = click.option("-i", "--microphone", metavar="DEVICE", help="Number or part of the name: `sotto devices`.")
loudspeaker = click.option("-l", "--loudspeaker", metavar="DEVICE", help="Number or part of the name: `sotto devices`.")
packet = click.option(
    "--packet", default="40", show_default=True, type=click.Choice(["40", "80"]), help="Speech in a packet, ms."
)


def span(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --from and --to."""
    return _start(_stop(command))


def known(model: str | None) -> "Release | None":
    """Return the model that was named, if any, beside those in the box."""
    from sottovoce.codec.models import by_name

    return by_name(model) if model else None


def steps(packet: str, model: "Release") -> int:
    """Return the steps of a model that a packet of so many milliseconds holds."""
    return max(1, int(packet) * model.sample_rate // (1000 * model.step))


def piped(inputs: tuple[str, ...], output: str | None) -> tuple[tuple[str, ...], str | None, bool]:
    """Return inputs and output, where ``- -`` means from standard input to standard output, and whether it was that."""
    if inputs == ("-", "-") and output in (None, "-"):
        return ("-",), "-", True
    return inputs, output, False


def patience(default: float) -> Callable[[Callable], Callable]:
    """Return the option for how late packets may be, of so many milliseconds."""
    kind, words = click.FloatRange(0, 5000), "How late packets may be, ms."
    return click.option("--buffer", "patience", default=default, show_default=True, type=kind, help=words)
