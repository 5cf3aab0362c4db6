"""sotto train."""

import click

from sottovoce.cli.support.training import configured, training_installed


@click.command("train")
@click.argument("config", metavar="CONFIG", type=click.Path())
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Change a setting; may be repeated.")
def command(config: str, resume: bool, settings: tuple[str, ...]) -> None:
    """Train a model with the TOML file CONFIG, or with the bundled configuration of that name.

    \b
    sotto train default
    sotto train mine.toml --resume
    """
    overrides = dict(_pair(setting) for setting in settings)
    with training_installed(), configured(config):
        from sottovoce.models.training.run import train

        figures = train(config, resume=resume, overrides=overrides)
    click.echo("  ".join(f"{name} {value:.4g}" for name, value in figures.items()))


def _pair(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not (key and equals):
        raise click.UsageError(f"--set takes KEY=VALUE, not {setting!r}")
    return key.strip(), value.strip()
