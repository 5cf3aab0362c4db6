"""Options that several commands share."""

import click

from sottovoce.cli.names import models, presets

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
seed = click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**64 - 1), help="For the decoder.")
recursive = click.option("-r", "--recursive", is_flag=True, help="Take the folders in a folder too.")
workers = click.option("-j", "--jobs", "workers", type=click.IntRange(1), help="Processes. [as many as cores]")
force = click.option("-f", "--force", is_flag=True, help="Overwrite outputs.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Say only warnings and errors.")
as_json = click.option("--json", "as_json", is_flag=True, help="Say results as JSON, an object a line.")
