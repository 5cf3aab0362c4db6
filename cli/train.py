"""sotto train."""

import click

from sottovoce.cli.support.console import Console
from sottovoce.cli.support.training import configured, training_installed
from sottovoce.cli.support.training_progress import TrainingProgress


@click.command("train")
@click.argument("config", metavar="CONFIG", type=click.Path(), required=False)
@click.option("--list", "listing", is_flag=True, help="List the bundled configurations.")
@click.option("--stage", help="Train this stage only. [all, in their order]")
@click.option("--shards", type=click.Path(), help="Shards that `sotto prepare` wrote, for all stages.")
@click.option(
    "-o", "--output", "out", metavar="DIR", type=click.Path(), help="Folder for the run folders of all stages."
)
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Change a setting; may be repeated.")
@click.option("--tensorboard", is_flag=True, help="Write the figures for TensorBoard, too.")
def command(
    config: str | None,
    listing: bool,
    stage: str | None,
    shards: str | None,
    out: str | None,
    resume: bool,
    settings: tuple[str, ...],
    tensorboard: bool,
) -> None:
    """Train a model with the TOML file CONFIG, or with the bundled configuration of that name.

    Each stage leaves in its run folder the weights, the configuration (run.json), the log (log.jsonl and log.csv),
    loss curves (curves.png) and, of the codec, examples of held-out speech. Ctrl-C stops it; --resume continues.

    \b
    sotto train tiny --shards shards
    sotto train mine.toml --resume
    """
    if listing:
        _list()
        return
    if config is None:
        raise click.UsageError("name a configuration; `sotto train --list` lists the bundled ones")
    overrides = dict(_pair(setting) for setting in settings)
    console = Console()
    with training_installed(), configured(config):
        from sottovoce.models.training.run import train

        progress = TrainingProgress(console, config, tensorboard=tensorboard)
        with progress:
            figures = train(config, resume, overrides, stage, shards=shards, out=out, watcher=progress)
    click.echo("  ".join(f"{name} {value:.4g}" for name, value in figures.items() if "/" not in name))
    progress.print_next()


def _list() -> None:
    with training_installed():
        from sottovoce.models.training.configs import bundled

        for name, about in bundled().items():
            click.echo(f"{name:<28} {about}")


def _pair(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not (key and equals):
        raise click.UsageError(f"--set takes KEY=VALUE, not {setting!r}")
    return key.strip(), value.strip()
