"""The command line: the commands, and how their errors are printed."""

import difflib
import importlib
import os
import signal
import sys

import click

from sottovoce.cli.support.failures import as_line
from sottovoce.cli.support.streams import settle
from sottovoce.cli.support.text import one_line

COMMANDS = {
    "encode": "Encode recordings to .sotto files.",
    "decode": "Decode .sotto files to WAV, FLAC, Ogg, Opus or MP3.",
    "play": "Play a .sotto file.",
    "roundtrip": "Encode and decode recordings, to hear the codec and time it.",
    "info": "Show what .sotto files contain.",
    "verify": "Check whether .sotto files are whole.",
    "cut": "Copy a part of a .sotto file.",
    "join": "Join several .sotto files.",
    "damage": "Damage a .sotto file as a bad link does.",
    "key": "Make a key for encrypted messages.",
    "voice": "List and make voices for decoding.",
    "tokens": "Write the codes of recordings for machine learning, or decode them.",
    "models": "Show which preset to choose, and the bundled models.",
    "serve": "Serve the codec as a page for your browser.",
    "live": "Hear your microphone through the codec.",
    "send": "Send speech to another machine.",
    "receive": "Receive speech from another machine.",
    "devices": "List microphones and loudspeakers.",
    "evaluate": "Measure this codec and others on your recordings.",
    "compare": "Measure families of models of speech on one scale.",
    "prepare": "Make training shards of a folder of speech.",
    "train": "Train a model.",
    "config": "Print a training configuration with comments.",
    "train-context": "Train the context model that makes files smaller.",
    "export": "Make a model for encoding and decoding of a trained one.",
    "align": "Find when the phones of recordings are said.",
    "probe": "Measure what the latents of trained models contain.",
    "completion": "Print the completion for your shell.",
}
"""Name and line of help of each command, so that listing them imports none of them."""


CODING = frozenset(
    {
        "encode",
        "decode",
        "play",
        "info",
        "verify",
        "cut",
        "join",
        "roundtrip",
        "evaluate",
        "live",
        "send",
        "receive",
        "serve",
        "voice",
        "align",
        "tokens",
    }
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
            # Set before numpy is imported, which reads them once: the matrix products of coding are too small for
            # threads to pay, and -j already uses the cores. Worker processes inherit them; training uses all cores.
            for name in THREADS:
                os.environ.setdefault(name, "1")
        return importlib.import_module(f"sottovoce.cli.{cmd_name.replace('-', '_')}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and suggest one where there is none of that name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f"No such command {name!r}{_suggestion(name)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _suggestion(name: str) -> str:
    """Return what may have been meant by a name that is no command."""
    if os.path.exists(name):
        return f". Did you mean `sotto {'play' if name.endswith('.sotto') else 'encode'} {name}`?"
    close = difflib.get_close_matches(name, COMMANDS, n=2)
    return f". Did you mean {' or '.join(close)}?" if close else ""


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
        click.echo(one_line(f"sotto: {error.format_message().rstrip('.')}; see `{path} --help`"), err=True)
        return 2
    except click.ClickException as error:
        click.echo(one_line(f"sotto: {error.format_message()}"), err=True)
        return 2
    except ImportError as error:
        click.echo(f"sotto: {error}; install sottovoce again", err=True)
        return 2
    except Exception as error:
        try:
            line = as_line(error)
        except KeyboardInterrupt:
            line, status = "sotto: interrupted", 130
        else:
            status = 2
        click.echo(line, err=True)
        return status


def main() -> None:
    """Run the command that the command line names."""
    settle()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, _terminate)
    sys.exit(run(sys.argv[1:]))


def _terminate(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # the same again would end the cleaning up
    sys.exit(128 + number)  # like any exception, it leaves nothing half-written
