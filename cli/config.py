"""sotto config."""

import click

from sottovoce.cli.support.training import configured, training_installed


@click.command("config")
@click.argument("name", metavar="NAME", type=click.Path())
def command(name: str) -> None:
    """Print a training configuration with a comment at every key, to copy and change.

    NAME is that of a bundled configuration, which `sotto train --list` lists, or a TOML file. Keys that it leaves out
    are printed as comments, with their defaults.

    \b
    sotto config default > mine.toml
    sotto train mine.toml
    """
    with training_installed(), configured(name):
        from sottovoce.models.training.configs import commented

        click.echo(commented(name), nl=False)
