"""Options that several commands share."""

import math
import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from sottovoce.cli.support.names import models, presets
from sottovoce.cli.support.shards import SHARD
from sottovoce.cli.support.times import TIME

if TYPE_CHECKING:
    from sottovoce.models.release import Release

_inputs = click.argument("inputs", metavar="IN...", nargs=-1, type=click.Path(allow_dash=True))
_files_from = click.option(
    "--files-from",
    metavar="LIST",
    type=click.Path(allow_dash=True),
    help='Read names of inputs from a file, one a line; "-" is standard input.',
)
keep_tree = click.option("--keep-tree", is_flag=True, help="Keep the paths of the inputs below the output folder.")
skip_existing = click.option("--skip-existing", is_flag=True, help="Leave out inputs whose outputs exist.")
output = click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(allow_dash=True),
    help="Output file, or folder for several inputs. [beside each input]",
)
preset = click.option(
    "--preset", default="default", show_default=True, shell_complete=presets, help="Bit rate: see `sotto models`."
)
model = click.option(
    "--model",
    default="default",
    show_default=True,
    shell_complete=models,
    help="Name of a model of `sotto models`, or path of its weights.",
)
weights = click.option(
    "--model", shell_complete=models, help="Path of the weights, if `sotto models` doesn't list the model."
)
coded_output = click.option(
    "-o", "--output", metavar="OUT", required=True, type=click.Path(allow_dash=True), help="The .sotto file to write."
)
seed = click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**64 - 1),
    help="Random seed; same seed, same samples.",
)
speed = click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.5, 2), help="Speed; the pitch stays."
)
VOICE_HELP = "Decode in another voice: a name from `sotto voice list`, a profile, or a recording."
no_tags = click.option("--no-tags", "carry_tags", flag_value=False, default=True, help="Leave out the metadata.")
recursive = click.option("-r", "--recursive", is_flag=True, help="Include subfolders.")
shard = click.option(
    "--shard",
    default="1/1",
    type=SHARD,
    metavar="I/N",
    help="Do the I-th of N parts of the inputs, as one job of an array. [all]",
)
dask = click.option(
    "--dask",
    metavar="ADDRESS",
    help="Work on a Dask cluster: the address of its scheduler, or local:N for N processes. IN and OUT may be URLs.",
)
workers = click.option("-j", "--jobs", "workers", type=click.IntRange(1), help="Number of processes. [one per core]")
force = click.option("-f", "--force", is_flag=True, help="Overwrite outputs.")
key = click.option(
    "--key",
    metavar="FILE",
    envvar="SOTTO_KEY",
    type=click.Path(dir_okay=False),
    help="Key of encrypted messages: see `sotto key`. [environment: SOTTO_KEY]",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Print only warnings and errors.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print results as JSON lines.")
_start = click.option(
    "--from", "start", default=0.0, type=TIME, metavar="TIME", help="Start time: seconds, mm:ss or hh:mm:ss. [start]"
)
_stop = click.option("--to", "stop", default=math.inf, type=TIME, metavar="TIME", help="End time. [end]")
microphone = click.option(
    "-i", "--microphone", metavar="DEVICE", help="Number or part of the name: see `sotto devices`."
)
loudspeaker = click.option(
    "-l", "--loudspeaker", metavar="DEVICE", help="Number or part of the name: see `sotto devices`."
)
packet = click.option(
    "--packet",
    default="40",
    show_default=True,
    type=click.Choice(["40", "80", "200", "400"]),
    help="Speech in each packet, ms: longer packets need less overhead and add as much delay.",
)


def inputs(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the inputs and --files-from; it is called with the names of both in `inputs`."""

    @wraps(command)
    def with_list(*, inputs: tuple[str, ...], files_from: str | None, **given: Any) -> Any:
        names = inputs + (_listed(files_from) if files_from else ())
        if not names:
            where = f"there are no names in {files_from}" if files_from else "Missing argument 'IN...'"
            raise click.UsageError(where, click.get_current_context())
        return command(inputs=names, **given)

    return _inputs(_files_from(with_list))


def _listed(name: str) -> tuple[str, ...]:
    """Return the names that a file lists, one a line."""
    from sottovoce.codec.io.files import reading

    with reading(name) as file:
        return tuple(os.fsdecode(line) for line in file.read().splitlines() if line.strip())


def check_existing(*, skip_existing: bool, force: bool) -> None:
    """Refuse options that contradict each other."""
    if skip_existing and force:
        raise click.UsageError("--skip-existing and --force contradict each other")


def span(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --from and --to."""
    return _start(_stop(command))


def read_key(name: str | None) -> bytes | None:
    """Return the key in a file, if one was named."""
    if not name:
        return None
    from sottovoce.codec.encryption import parse_key
    from sottovoce.codec.io.files import reading

    with reading(name) as file:
        return parse_key(file.read(1024).decode("ascii", "replace"))


def known(model: str | None) -> "Release | None":
    """Return the model that was named, if any, in addition to the bundled ones."""
    from sottovoce.codec.models import by_name

    return by_name(model) if model else None


def steps(packet: str, model: "Release") -> int:
    """Return the number of steps of a model in a packet of the given length in milliseconds."""
    return max(1, int(packet) * model.sample_rate // (1000 * model.step))


def piped(inputs: tuple[str, ...], output: str | None) -> tuple[tuple[str, ...], str | None, bool]:
    """Return inputs and output, where ``- -`` means from standard input to standard output, and whether it was that."""
    if inputs == ("-", "-") and output in (None, "-"):
        return ("-",), "-", True
    return inputs, output, False


def jitter_buffer_ms(default: float) -> Callable[[Callable], Callable]:
    """Return the option --buffer with a default in milliseconds."""
    kind, words = click.FloatRange(0, 5000), "Jitter buffer: how late packets may arrive, ms."
    return click.option("--buffer", "jitter_buffer_ms", default=default, show_default=True, type=kind, help=words)
