"""sotto evaluate."""

from functools import partial

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.numbers import NUMBERS
from sottovoce.cli.support.workers import cores, each
from sottovoce.codec.evaluation.conditions import conditions
from sottovoce.codec.evaluation.conditions.channel import BANDS
from sottovoce.codec.evaluation.options import EvaluationOptions
from sottovoce.codec.evaluation.peers import FAMILIES
from sottovoce.codec.evaluation.predictors import PREDICTORS
from sottovoce.codec.evaluation.running import evaluate
from sottovoce.codec.evaluation.sets import SETS


@click.command("evaluate")
@click.argument("references", metavar="REFERENCES", type=click.Path())
@click.option("-o", "--output", metavar="REPORT", required=True, type=click.Path(), help="Folder for the report.")
@click.option("--set", "corpus", type=click.Choice(list(SETS)), help="REFERENCES is the folder of this corpus.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Measure N recordings, spread evenly over all.")
@click.option("--published", is_flag=True, help="Draw published figures of other codecs into the curves.")
@click.option("--presets", metavar="LIST", help="Rates of ours, separated by commas. [all of the model]")
@options.model
@click.option(
    "--against",
    metavar="LIST",
    default=",".join(FAMILIES),
    show_default=True,
    help='Families, codecs such as "codec2:1300", or "stage1:PRESET" for the codes of ours without the WaveNet, '
    'separated by commas; or "none".',
)
@click.option(
    "--peer",
    "commands",
    multiple=True,
    metavar="TEMPLATE",
    help='Measure an external codec: "NAME: ENCODER {in} {bits} && DECODER {bits} {out}", with WAV in and out.',
)
@click.option(
    "--weights",
    metavar="FOLDER",
    type=click.Path(),
    help="Folder of the weights of neural codecs, each in a folder of its name.",
)
@click.option(
    "--predict",
    "predictors",
    multiple=True,
    type=click.Choice(list(PREDICTORS)),
    help="Predict naturalness, with the package of this predictor and its weights in FOLDER/NAME of --weights.",
)
@click.option(
    "--asr",
    metavar="MODEL",
    help='Measure word error rates with Whisper: a name such as "tiny.en" or "base", which is downloaded once, or the '
    "folder of a model converted for CTranslate2.",
)
@click.option(
    "--language", default="en", show_default=True, help="Language of recordings for which the table has none."
)
@click.option("--noise", multiple=True, metavar="SOURCE", help="Add noise: pink, babble, or a folder of recordings.")
@click.option("--snr", type=NUMBERS, default="0,5,10,15", show_default=True, help="Signal-to-noise ratios, dB.")
@click.option(
    "--reverb", type=NUMBERS, is_flag=False, flag_value="0.5", help="Add reverberation, of these times in s. [0.5]"
)
@click.option("--band", multiple=True, type=click.Choice(list(BANDS)), help="Limit recordings to a band.")
@click.option("--loss", type=NUMBERS, help="Lose packets of 40 ms: shares in %, such as 5,10,20.")
@click.option(
    "--burst", default=3.0, show_default=True, type=click.FloatRange(1), help="Mean number of packets lost in a row."
)
@click.option("--tandem", type=NUMBERS, help="Numbers of generations of coding, such as 2.")
@options.workers
@options.quiet
def command(
    references: str,
    output: str,
    corpus: str | None,
    limit: int | None,
    published: bool,
    presets: str | None,
    model: str,
    against: str,
    commands: tuple[str, ...],
    weights: str | None,
    predictors: tuple[str, ...],
    asr: str | None,
    language: str,
    noise: tuple[str, ...],
    snr: tuple[float, ...],
    reverb: tuple[float, ...] | None,
    band: tuple[str, ...],
    loss: tuple[float, ...] | None,
    burst: float,
    tandem: tuple[float, ...] | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Measure this codec and others on your recordings, and write a report with tables, figures and sound.

    REFERENCES is a folder of recordings, or a CSV with a column "path" (relative to it) and, where you know them,
    corpus, speaker, gender, age, language and text.

    Under conditions (noise, reverberation, bands, lost packets, generations), codecs are measured once more each.

    When it is stopped, the same command goes on where it was.
    """
    console = Console(quiet=quiet)
    report = evaluate(
        references,
        output,
        EvaluationOptions(
            presets=[name.strip() for name in presets.split(",")] if presets else None,
            model=model,
            against=against,
            weights=weights,
            predictors=predictors,
            commands=commands,
            corpus=corpus,
            limit=limit,
            published=published,
            asr=asr,
            language=language,
            conditions=conditions(
                noise=noise,
                snr=snr,
                reverb=reverb or (),
                band=band,
                loss=loss or (),
                burst=burst,
                tandem=[int(generations) for generations in tandem or ()],
            ),
        ),
        each=partial(each, workers=workers or cores()),
        watcher=console,
    )
    for codec in report["codecs"]:
        rate = "–" if codec["file_bit_rate"] is None else f"{codec['file_bit_rate']:.0f}"
        figures = "  ".join(
            f"{metric['title']} {codec['means'][metric['key']]['mean']:.{metric['digits']}f}"
            for metric in report["metrics"]
            if metric["key"] in ("pesq_wb", "estoi", "speaker", "dwer") and codec["means"][metric["key"]]
        )
        console.result(f"{rate:>7} bit/s  {figures}  {codec['title']}")
    console.result(f"{output}: report.html, report.md, report.csv, report.json")
