"""The command line: which commands there are, and what becomes of their errors."""

import importlib
import os
import signal
import sys

import click

from sottovoce.cli.support.failures import as_line

COMMANDS = {
    "encode": "Recordings to .sotto files.",
    "decode": ".sotto files to WAV.",
    "roundtrip": "Recordings through the codec to WAV, to hear what it does.",
    "info": "What .sotto files hold.",
    "damage": "A .sotto file, damaged as by a bad link.",
    "cut": "A part of a .sotto file.",
    "join": "Several .sotto files in one.",
    "voice": "Voices to decode in.",
    "evaluate": "This codec and others measured on your recordings.",
    "compare": "Families of models of speech on one scale.",
    "live": "Your microphone through the codec to your loudspeaker.",
    "send": "Speech to another machine.",
    "receive": "Speech from another machine.",
    "serve": "The codec in your browser.",
    "models": "What is in the box: rates, training data, scores.",
    "devices": "Microphones and loudspeakers.",
    "train": "Train a model.",
    "train-context": "Train what packs the codes of a model tighter.",
    "probe": "What the latents of trained models hold.",
    "export": "A trained model to one that encodes and decodes.",
    "prepare": "A folder of speech to training shards.",
    "completion": "Completion for your shell.",
}
"""Name and line of help, so that the list of commands needs none of them."""


CODING = frozenset(
    {"encode", "decode", "cut", "join", "roundtrip", "evaluate", "live", "send", "receive", "serve", "voice"}
)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class LazyGroup(click.Group):
    """Imports a command when it is used, so that help and completion answer at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in CODING:
            # Before numpy is there, which reads them once: coding's products are too small for threads to pay, and
            # -j already uses the cores. Worker processes inherit them; training goes without and takes all cores.
            for name in THREADS:
                os.environ.setdefault(name, "1")
        return importlib.import_module(f"sottovoce.cli.{cmd_name.replace('-', '_')}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("sotto", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sottovoce")
def app() -> None:
    """Speech in a few hundred bits a second, and back.

    Give "-" for standard input or output. SOTTO_DEBUG=1 shows where an unexpected error came from.
    """


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status: 0 done, 1 some of a batch failed, 2 bad usage or input, 130 Ctrl-C."""
    try:
        return app.main(arguments, "sotto", standalone_mode=False) or 0
    except (KeyboardInterrupt, click.Abort):
        click.echo("sotto: interrupted", err=True)
        return 130
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "sotto"
        click.echo(f"sotto: {error.format_message().rstrip('.')}; see `{path} --help`", err=True)
        return 2
    except click.ClickException as error:
        click.echo(f"sotto: {error.format_message()}", err=True)
        return 2
    except ImportError as error:
        click.echo(f"sotto: {error}; install sottovoce again", err=True)
        return 2
    except Exception as error:
        click.echo(as_line(error), err=True)
        return 2


def main() -> None:
    """Run the command that the command line names."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def _terminate(number: int, frame: object) -> None:
    sys.exit(128 + number)  # like any exception, it leaves nothing half-written
