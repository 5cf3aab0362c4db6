"""The table of families, cell by cell, and the report as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sottovoce.codec.evaluation.families.rows import bits_per_level
from sottovoce.models.features import SAMPLE_RATE

NOTHING = "–"
_OF = {"waveform": "waveform", "given picture": "waveform, picture given"}


class Column(NamedTuple):
    """A column: its title, the cell of a row, a hint on its meaning, and whether cells are words."""

    title: str
    cell: Callable[[Mapping[str, Any]], str]
    hint: str = ""
    words: bool = False


def _of(row: Mapping[str, Any]) -> str:
    return _OF.get(row["of"]) or f"picture, {bits_per_level(row):.2f} a level"


def _trained(row: Mapping[str, Any]) -> str:
    return ", then ".join(f"{run['device']}, {run['minutes']:.1f} min" for run in row["training"]) or NOTHING


def _excess(row: Mapping[str, Any]) -> str:
    files = row["lossless"]
    return NOTHING if files is None else f"{files['excess']:+.2f}" if files["same"] else "other samples"


def mean(figure: Mapping[str, float]) -> str:
    """Return a mean with its interval; of one recording there is none."""
    alone = figure["count"] == 1
    return ("{mean:.3f}" if alone else "{mean:.3f} [{low:.3f}, {high:.3f}]").format(**figure)


def seconds(value: float | None) -> str:
    """Return seconds to three digits."""
    return NOTHING if value is None else f"{value:.3g}"


def number(value: float | None) -> str:
    """Return a whole number with thin spaces."""
    return NOTHING if value is None else f"{value:,.0f}".replace(",", "\u202f")


COLUMNS = (
    Column("bits per sample", lambda row: mean(row["bits"]), "with its 95 % interval"),
    Column("p(x)", lambda row: "exact" if row["exact"] else "bound", "are the bits exact, or an upper bound?", True),
    Column("of", _of, "what is modelled", True),
    Column("evaluate, s", lambda row: seconds(row["evaluating"]), "processor time for a second of speech"),
    Column("sample, s", lambda row: seconds(row["sampling"]), "processor time for a second of speech"),
    Column("latents", lambda row: "yes" if row["latents"] else "no"),
    Column("their bit/s", lambda row: number(row["latent_bit_rate"])),
    Column("control", lambda row: row["control"], "how the contents of the latents are controlled", True),
    Column("parameters", lambda row: number(row["parameters"])),
    Column("kB", lambda row: number(row["bytes"] / 1000), "stored"),
    Column("trained on", _trained, words=True),
    Column("file, %", _excess, "how much longer lossless files are than the bits"),
)
"""All columns except the family's name."""


# ---------------------------------------------------------------- words
def headline(report: Mapping[str, Any]) -> str:
    """Return a sentence on recordings and intervals."""
    recordings = report["recordings"]
    speakers = {(one["corpus"], one["speaker"]) for one in recordings if one["speaker"]}
    who = f" of {len(speakers)} speakers" if all(one["speaker"] for one in recordings) and len(speakers) > 1 else ""
    length = sum(one["seconds"] for one in recordings)
    drawn = "speakers" if len(speakers) > 2 else "recordings"
    return (
        f"{len(recordings)} recording{'s' * (len(recordings) != 1)}{who}, {length:.0f} s, as 16 kHz 8-bit mu-law. "
        f"Bits per sample: means over recordings with 95 % bootstrap intervals over {drawn}; 8 without a model."
    )


NOTES = (
    "Where p(x) is a bound, the true number of bits is not larger. A picture is the log-mel spectrogram in 256 levels, "
    "80 bands every 10 ms; its bits are divided by the number of samples of the waveform. Seconds are processor time "
    "in one thread per second of speech."
)


def ordered(report: Mapping[str, Any]) -> list[str]:
    """Return sentences on whether the families are in the order that the literature expects."""
    found = report["order"]
    if found is None:
        return []
    rows = {row["name"]: row["bits"]["mean"] for row in report["families"]}
    tiers = [f"{tier['title']} ({_span([rows[name] for name in tier['families']])})" for tier in found["tiers"]]
    expected = f"Expected, from more bits to fewer: {' > '.join(tiers)}."
    if not found["exceptions"]:
        return [expected, "This holds for every pair."]
    return [
        expected,
        "This holds for all pairs except:",
        *(
            f"{one['simple']} needs no more bits than {one['rich']}: {mean(one['fewer'])} fewer."
            for one in found["exceptions"]
        ),
    ]


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{high} to {low}"


def proven(report: Mapping[str, Any]) -> str:
    """Return a sentence on the lossless files; empty where there are none."""
    files = [row["lossless"] for row in report["families"] if row["lossless"]]
    if not files:
        return ""
    same = sum(one["same"] for one in files)
    seconds = files[0]["samples"] / SAMPLE_RATE
    worst = max((one["excess"] for one in files), key=abs)
    return (
        f"Lossless files of {seconds:.3g} s of speech, made by model and range coder: for {same} of {len(files)} "
        f"families with exact p(x) the decoded samples are identical, and file sizes are within {abs(worst):.2f} % of "
        "the bits that the models report."
    )


# ---------------------------------------------------------------- Markdown
def markdown(report: Mapping[str, Any]) -> str:
    """Return the tables of a report.

    Parameters
    ----------
    report : mapping
        Contents of compare.json.
    """
    return "\n".join(_lines(report)) + "\n"


def grouped(report: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield the groups of families and their rows."""
    for group in dict.fromkeys(row["group"] for row in report["families"]):
        yield group, [row for row in report["families"] if row["group"] == group]


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## Model families"
    yield ""
    yield headline(report)
    yield ""
    yield _row(["family", *(column.title for column in COLUMNS)])
    yield _row(["---"] + ["---:"] * len(COLUMNS))
    for group, rows in grouped(report):
        yield _row([f"**{group}**", *[""] * len(COLUMNS)])
        for row in rows:
            yield _row([row["name"], *(column.cell(row) for column in COLUMNS)])
    yield ""
    yield NOTES
    order = ordered(report)
    if order:
        yield ""
        yield " ".join(order[:2])
        if order[2:]:
            yield ""
        yield from (f"- {line}" for line in order[2:])
    if proof := proven(report):
        yield ""
        yield proof


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
