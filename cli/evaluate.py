"""sotto evaluate."""

from functools import partial

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.workers import cores, each
from sottovoce.codec.evaluation.options import EvaluationOptions
from sottovoce.codec.evaluation.peers import FAMILIES
from sottovoce.codec.evaluation.running import evaluate


@click.command("evaluate")
@click.argument("references", metavar="REFERENCES", type=click.Path())
@click.option("-o", "--output", metavar="REPORT", required=True, type=click.Path(), help="Folder for the report.")
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
    "--asr",
    metavar="MODEL",
    help='Measure word error rates with Whisper: a name such as "tiny.en" or "base", which is downloaded once, or the '
    "folder of a model converted for CTranslate2.",
)
@click.option(
    "--language", default="en", show_default=True, help="Language of recordings for which the table has none."
)
@options.workers
@options.quiet
def command(
    references: str,
    output: str,
    presets: str | None,
    model: str,
    against: str,
    asr: str | None,
    language: str,
    workers: int | None,
    quiet: bool,
) -> None:
    """Measure this codec and others on your recordings, and write a report with tables, figures and sound.

    REFERENCES is a folder of recordings, or a CSV with a column "path" (relative to it) and, where you know them,
    corpus, speaker, gender, age, language and text.

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
            asr=asr,
            language=language,
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
