"""The report as a page: one file to look at and to listen to, without a network and without a program."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from string import Template
from typing import Any

from sottovoce.codec.evaluation.families.hearing import Clip
from sottovoce.codec.evaluation.families.table import COLUMNS, NOTES, Column, grouped, headline, mean, ordered, proven

WHOLE = 8.0
"""Bits per sample at the right end of the bars."""

LEGEND = (
    "Filled: p(x) is exact. Hollow: a bound, the true figure is at most that. Pale: not the whole waveform, but its "
    "log-mel picture, or what remains to be told when that is known. Lines are 95 % intervals; the bars end at 8."
)

_CALLED = {
    "original": "Recording {}",
    "sample": "Sample {}",
    "completion": "Completion of {}",
    "reconstruction": "Latents of {}, decoded",
    "vocoded": "Picture of {}, as sound",
}


def build(report: Mapping[str, Any], clips: Mapping[str, Sequence[Clip]], originals: Sequence[Clip]) -> str:
    """Make the page of a report.

    Parameters
    ----------
    report : mapping
        What compare.json holds.
    clips : mapping
        What each family drew, by its name.
    originals : sequence of Clip
        The recordings that they went on from.

    Returns
    -------
    str
        HTML, some 200 kB a family.
    """
    here = resources.files(__package__)
    shared = resources.files("sottovoce.codec.evaluation.page") / "page.css"
    style = shared.read_text(encoding="utf-8") + (here / "page.css").read_text(encoding="utf-8")
    order = ordered(report)
    listed = "".join(f"<li>{_safe(line)}</li>" for line in order[2:])
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute(
        policy=html.escape(_policy(style)),
        style=style,
        title=_title(report),
        lead=_safe(headline(report)),
        bars="\n".join(_bars(report)),
        legend=LEGEND,
        order=f"<p>{_safe(' '.join(order[:2]))}</p>{f'<ul>{listed}</ul>' if listed else ''}" if order else "",
        head=_head(),
        body="\n".join(_body(report)),
        notes=_safe(NOTES),
        proof=_safe(proven(report)),
        families="\n".join(_listening(report, clips, originals)),
        versions=_safe(", ".join(f"{name} {version}" for name, version in report["versions"].items())),
    )


def _policy(style: str) -> str:
    """Forbid everything but this style, and sound and pictures that stand in the page itself."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = ("default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:", "media-src data:")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def _safe(text: str) -> str:
    return html.escape(text)


def _title(report: Mapping[str, Any]) -> str:
    whole = [row for row in report["families"] if row["of"] == "waveform"]
    if not whole:
        return "Model families"
    best = min(whole, key=lambda row: row["bits"]["mean"])
    most = "" if best["exact"] else "at most "
    return f"{_safe(best['name'])} needs {most}{best['bits']['mean']:.2f} of 8 bits a sample"


# ---------------------------------------------------------------- bits
def _bars(report: Mapping[str, Any]) -> Iterator[str]:
    for group, rows in grouped(report):
        yield f'<h3 data-group="{_safe(group)}">{_safe(group)}</h3>'
        for row in rows:
            yield _bar(group, row)


def _bar(group: str, row: Mapping[str, Any]) -> str:
    figure, kind = row["bits"], "exact" if row["exact"] else "bound"
    low, middle, high = (f"{100 * min(figure[key] / WHOLE, 1):.2f}%" for key in ("low", "mean", "high"))
    what = "" if row["of"] == "waveform" else f" <small>{_safe(row['of'])}</small>"
    part = "" if row["of"] == "waveform" else " part"
    return (
        f'<div class="line" data-group="{_safe(group)}"><span class="what">{_safe(row["name"])}{what}</span>'
        f'<svg aria-hidden="true"><line class="whole" x1="0" x2="100%" y1="50%" y2="50%"/>'
        f'<rect class="bar {kind}{part}" x="0" y="25%" width="{middle}" height="50%"/>'
        f'<line class="whisker" x1="{low}" x2="{high}" y1="50%" y2="50%"/></svg>'
        f'<span class="value">{figure["mean"]:.2f} <small>{kind}</small></span></div>'
    )


# ---------------------------------------------------------------- table
def _head() -> str:
    heads = (f'<th scope="col"{_words(one)} title="{_safe(one.hint)}">{_safe(one.title)}</th>' for one in COLUMNS)
    return f'<tr><th scope="col" class="name">family</th>{"".join(heads)}</tr>'


def _body(report: Mapping[str, Any]) -> Iterator[str]:
    for group, rows in grouped(report):
        yield f'<tbody data-group="{_safe(group)}">'
        yield f'<tr class="group"><th scope="rowgroup" colspan="{1 + len(COLUMNS)}">{_safe(group)}</th></tr>'
        for row in rows:
            cells = (f"<td{_words(one)}>{_cell(one.cell(row))}</td>" for one in COLUMNS)
            yield f'<tr><th scope="row" class="name">{_safe(row["name"])}</th>{"".join(cells)}</tr>'
        yield "</tbody>"


def _words(column: Column) -> str:
    return ' class="words"' if column.words else ""


def _cell(text: str) -> str:
    """A cell's text, its interval smaller."""
    value, bracket, rest = _safe(text).partition(" [")
    return f"{value}<small>{rest.rstrip(']').replace(', ', '–')}</small>" if bracket else value


# ---------------------------------------------------------------- listen
def _listening(
    report: Mapping[str, Any], clips: Mapping[str, Sequence[Clip]], originals: Sequence[Clip]
) -> Iterator[str]:
    paths = ", ".join(report["recordings"][i]["path"] for i in report["prompts"])
    yield _family("The recordings", paths, "", originals)
    for row in report["families"]:
        if own := clips.get(row["name"]):
            yield _family(row["name"], f"{mean(row['bits'])} bits", row["group"], own)


def _family(name: str, told: str, group: str, clips: Sequence[Clip]) -> str:
    shown = "\n".join(_clip(name, one) for one in clips)
    return (
        f'<article class="family" data-group="{_safe(group)}"><h3>{_safe(name)}<small>{_safe(told)}</small></h3>'
        f'<div class="clips">\n{shown}\n</div></article>'
    )


def _clip(family: str, clip: Clip) -> str:
    title = _CALLED[clip["what"]].format(clip["of"] + 1)
    label = _safe(f"{family}: {title}")
    prompted = " prompted" if clip["what"] == "completion" else ""
    sound = f'<audio controls preload="none" aria-label="{label}" src="data:audio/flac;base64,{clip["sound"]}"></audio>'
    return (
        f'<figure class="clip"><figcaption>{_safe(title)}</figcaption><div class="picture{prompted}">'
        f'<img alt="Log-mel spectrogram of {label}" src="data:image/png;base64,{clip["picture"]}"></div>'
        f"{sound if clip['sound'] else ''}</figure>"
    )
