"""sotto train-context."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.training import training_installed
from sottovoce.codec.errors import SottoError, error_context


@click.command("train-context")
@click.argument("model", metavar="MODEL", type=click.Path())
@click.argument("speech", metavar="SPEECH", type=click.Path(exists=True))
@click.option(
    "-o", "--output", metavar="NAME", required=True, type=click.Path(), help="Writes NAME.safetensors and .json."
)
@click.option(
    "--variations",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Copies of each recording at other speeds to train on, too.",
)
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), default=10, show_default=True, help="Training time."
)
@options.force
def command(model: str, speech: str, output: str, variations: int, minutes: float, force: bool) -> None:
    """Train the context model of MODEL (a name or a weights file), which predicts each code from those before it.

    SPEECH is a folder of recordings, or a CSV table with a column path. The recordings and their variations are encoded
    first, about 15 times faster than real time; then the network is trained for some minutes, for all presets together.
    The output is MODEL with these tables: it encodes to smaller files that sound the same.
    """
    console = Console(lines=True)
    with training_installed():
        import numpy as np

        from sottovoce.codec import models
        from sottovoce.codec.bits import BLOCK_STEPS
        from sottovoce.codec.bits.context import units
        from sottovoce.codec.evaluation.references import find
        from sottovoce.codec.models import PREFIX
        from sottovoce.models.release import read, with_tables, write
        from sottovoce.models.training.context import IntegerLayout, codes_of, fit
        from sottovoce.models.training.variations import augmented

        release = models.by_name(model)
        if os.path.exists(f"{output}.safetensors") and not force:
            raise SottoError("exists already", "choose another output, or -f to overwrite", f"{output}.safetensors")
        recordings = find(speech, Path(output))
        random = np.random.default_rng(0)
        codes: dict[int, list] = {preset.index: [] for preset in release.presets.values()}
        with console.progress("encoding"):
            for number, recording in enumerate(recordings):
                wave = wave_of(str(recording.file), release.sample_rate)
                for version in (wave, *(augmented(wave, release.step, random) for _ in range(variations))):
                    for index, found in codes_of(release, version).items():
                        codes[index].append(found)
                console.advance(number + 1, len(recordings))
        rules = IntegerLayout(
            BLOCK_STEPS,
            units.AGES,
            units.SLOW,
            units.FINE_BITS,
            units.SUM_BITS,
            units.SUM_LIMIT,
            units.HIDDEN_BITS,
            units.LOGIT_BITS,
        )
        books = [release.weights[f"books.{k}"] for k in range(len(release.config["bottleneck"]["bits"]))]
        try:
            tables = fit(codes, books, rules, minutes=minutes, note=console.note)
        except ValueError as error:
            raise SottoError(str(error), "give more recordings", speech) from error
    data, card = with_tables(*read(model), {f"{PREFIX}{name}": table for name, table in tables.items()})
    write(Path(output), data, card, force=force)
    console.result(f"{output}.safetensors")


def wave_of(name: str, rate: int):
    """Return a recording at the level that models are trained on."""
    import numpy as np

    from sottovoce.codec.io.audio import open_sound
    from sottovoce.codec.voice.level import measure_level_byte, normalising_gain
    from sottovoce.codec.voice.tracker import HEAD_SECONDS

    with error_context(name), open_sound(name, rate) as sound:
        wave = np.concatenate(list(sound))
    return wave * normalising_gain(measure_level_byte(wave[: HEAD_SECONDS * rate]))
