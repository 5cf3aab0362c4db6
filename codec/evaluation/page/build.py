"""Put page, style, programs, figures and sound into one HTML file."""

import base64
import hashlib
import html
import json
from pathlib import Path
from string import Template
from typing import Any

from sottovoce.codec.evaluation.page.examples import Examples, described, gather
from sottovoce.codec.evaluation.page.worst import worst_figures

LIMIT = 14_500_000
"""Bytes of sound, in base64, that the page may hold."""

_HERE = Path(__file__).parent
_PROGRAMS = (  # in this order; they share one scope
    "basics",
    "sound",
    "groups",
    "headline",
    "curves",
    "published",
    "table",
    "conditions",
    "spectrogram",
    "listen",
    "worst",
    "chance",
    "keeping",
    "trial",
    "abx",
    "mushra",
    "main",
)


def build(report: dict[str, Any], folder: Path) -> str:
    """Make the page of a report.

    It needs no other file and no network, which a policy in its head forbids it too: only the program and the style
    whose hashes are written there may run.

    Parameters
    ----------
    report : dict
        What report.json holds.
    folder : Path
        The report's folder, with decoded/CODEC/ID.flac of each codec, "original" among them. Recordings without sound
        there aren't on the page's list to be heard.

    Returns
    -------
    str
        HTML, up to about 15 MB.

    Raises
    ------
    SottoError
        When sound can't be read.
    """
    examples = gather(report, folder, LIMIT)
    style = _text("page.css")
    parts = [_text(f"{name}.js") for name in _PROGRAMS]
    program = '(() => {\n"use strict";\n\n' + "\n".join(parts) + "})();\n"
    return Template(_text("page.html")).substitute(
        policy=html.escape(_policy(program, style)),
        style=style,
        program=program,
        report=_embedded(_shown(report, examples)),
        clips="\n".join(_clip(report, *key, clip) for key, clip in examples.clips.items()),
    )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy(program: str, style: str) -> str:
    """Forbid everything but this program, this style, and sound that the program itself holds."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(program),
        "style-src": _hash(style),
        "media-src": "blob:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {who}" for what, who in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _shown(report: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """Take from the report what the page shows; scores of single recordings only where they can be heard."""
    codecs = []
    for codec in report["codecs"]:
        scores = {report["recordings"][index]["id"]: codec["recordings"][index] for index in examples.recordings}
        codecs.append({**{key: value for key, value in codec.items() if key != "recordings"}, "scores": scores})
    return {
        **{key: value for key, value in report.items() if key != "codecs"},
        "recordings": [{**one, "generation": described(one).generation} for one in report["recordings"]],
        "codecs": codecs,
        "conditions": [_condition(one) for one in report.get("conditions", [])],
        "worst": worst_figures(report),
        "examples": [report["recordings"][index]["id"] for index in examples.recordings],
        "left_out": examples.left_out,
    }


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    """Leave out the figures of single recordings."""
    codecs = [{key: value for key, value in one.items() if key != "recordings"} for one in condition["codecs"]]
    return {**condition, "codecs": codecs}


def _embedded(data: object) -> str:
    """JSON that can't end the element it stands in."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _clip(report: dict[str, Any], recording: int, codec: str, clip: bytes) -> str:
    name = html.escape(f"{report['recordings'][recording]['id']}/{codec}", quote=True)
    return f'<script type="text/plain" data-clip="{name}">{base64.b64encode(clip).decode()}</script>'
