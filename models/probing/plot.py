"""Plot of phone accuracy against gender accuracy for each bottleneck and rate (arXiv 1901.08810)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 590, 56, 450

STYLE = """
svg { color-scheme: light dark; --ink: #1e2124; --soft: #5d6268; --line: #dedbd3; --paper: #ffffff;
  --AE: #0072b2; --VAE: #ad4b00; --VQ: #00785a; background: var(--paper);
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e8e5de; --soft: #a2a5a8; --line: #34383d; --paper: #1b1e22;
  --AE: #56b4e9; --VAE: #ff9a57; --VQ: #1fbf91; } }
text { fill: var(--ink); } .soft { fill: var(--soft); } .title { font-size: 16px; font-weight: 600; }
.rate { font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.grid { stroke: var(--line); } .chance { stroke: var(--soft); stroke-dasharray: 5 4; }
.path { fill: none; stroke-width: 2; opacity: 0.6; } .mark { stroke-width: 2; }
"""

SHAPES = {
    "AE": "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z",
    "VAE": "M-5,-5h10v10h-10z",
    "VQ": "M0,-6.5L6,4.5H-6z",
}

BESIDE = {"AE": (9, 16, "start"), "VAE": (9, -8, "start"), "VQ": (-9, -6, "end")}
"""Offset and anchor of the rate labels, which keep the labels of different bottlenecks apart."""


def used(model: dict[str, Any]) -> dict[str, float]:
    """Accuracies at the decoder's input, with the noise of a VAE; `model` is an entry of a report."""
    return model["accuracy"].get("p_draw", model["accuracy"]["p_bn"])


def rate(bits_per_second: float) -> str:
    """Format a rate in bit/s in few characters."""
    return f"{bits_per_second / 1000:.3g}k" if bits_per_second >= 1000 else f"{bits_per_second:.3g}"


class Axis:
    """Linear axis in percent between two pixel positions, with a tick every 5 or 10 percent."""

    def __init__(self, values: Iterable[float], start: float, end: float):
        values = list(values)
        least, most = min(values) - 2, max(values) + 2
        self.unit = 5 if most - least <= 35 else 10
        self.low, self.high = self.unit * math.floor(least / self.unit), self.unit * math.ceil(most / self.unit)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Pixel position of a value in percent."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> range:
        """Values of the ticks, in percent."""
        return range(self.low, self.high + 1, self.unit)


def svg(models: list[dict[str, Any]]) -> str:
    """SVG plot of phone accuracy against gender accuracy, one line per bottleneck; `models` is of a report."""
    guessed = {task: sum(model["chance"][task] for model in models) / len(models) for task in ("phone", "gender")}
    shown = [found for model in models for found in (used(model), model["accuracy"]["p_bn"])]
    x = Axis([guessed["gender"], *(found["gender"] for found in shown)], LEFT, RIGHT)
    y = Axis([guessed["phone"], *(found["phone"] for found in shown)], BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="what">',
        '<title id="what">Phone accuracy over gender accuracy at the bottleneck</title>',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="28">Phone and gender accuracy at the bottleneck</text>',
        *_axes(x, y, guessed),
    ]
    for row, (kind, shape) in enumerate(SHAPES.items()):
        ours = sorted((m for m in models if m["bottleneck"] == kind), key=lambda m: m["bits_per_second"])
        if ours:
            lines += [*_series(kind, shape, ours, x, y), *_legend(kind, shape, RIGHT + 24, TOP + 10 + 24 * row)]
    if any("p_draw" in model["accuracy"] for model in models):
        lines += [*_legend("VAE", SHAPES["VAE"], RIGHT + 24, TOP + 90, "VAE, mean", hollow=True)]
    lines.append(f'<text class="soft" x="{RIGHT + 16}" y="{TOP + 124}">Numbers: bit/s</text></svg>')
    return "\n".join(lines) + "\n"


def _axes(x: Axis, y: Axis, guessed: dict[str, float]) -> Iterator[str]:
    for value in x.ticks():
        yield f'<path class="grid" d="M{x(value):.1f},{TOP}V{BOTTOM}"/>'
        yield f'<text class="soft" x="{x(value):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{value}</text>'
    for value in y.ticks():
        yield f'<path class="grid" d="M{LEFT},{y(value):.1f}H{RIGHT}"/>'
        yield f'<text class="soft" x="{LEFT - 10}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>'
    across, down = y(guessed["phone"]), x(guessed["gender"])
    yield f'<path class="chance" d="M{LEFT},{across:.1f}H{RIGHT}M{down:.1f},{TOP}V{BOTTOM}"/>'
    yield f'<text class="soft" x="{RIGHT + 8}" y="{across + 4:.1f}">phone by chance</text>'
    yield f'<text class="soft" x="{down:.1f}" y="{TOP - 8}" text-anchor="middle">gender by chance</text>'
    yield f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 44}" text-anchor="middle">gender found, % of steps</text>'
    middle = (TOP + BOTTOM) / 2
    turned = f'text-anchor="middle" transform="rotate(-90 22 {middle})"'
    yield f'<text x="22" y="{middle}" {turned}>phone found, % of steps</text>'


def _series(kind: str, shape: str, models: list[dict[str, Any]], x: Axis, y: Axis) -> Iterator[str]:
    places = [(x(used(model)["gender"]), y(used(model)["phone"])) for model in models]
    right, below, anchor = BESIDE[kind]
    track = "L".join(f"{across:.1f},{down:.1f}" for across, down in places)
    yield f'<path class="path" stroke="var(--{kind})" d="M{track}"/>'
    for model, (across, down) in zip(models, places, strict=True):
        if "p_draw" in model["accuracy"]:
            mean = model["accuracy"]["p_bn"]
            yield _mark(kind, shape, x(mean["gender"]), y(mean["phone"]), hollow=True)
        label = rate(model["bits_per_second"])
        at = f'x="{across + right:.1f}" y="{down + below:.1f}" text-anchor="{anchor}"'
        yield f"<g><title>{escape(model['name'])}, {label} bit/s</title>{_mark(kind, shape, across, down)}"
        yield f'<text class="rate" {at}>{label}</text></g>'


def _legend(kind: str, shape: str, x: float, y: float, name: str = "", hollow: bool = False) -> Iterator[str]:
    yield _mark(kind, shape, x, y, hollow)
    yield f'<text x="{x + 14}" y="{y + 4.5}">{name or kind}</text>'


def _mark(kind: str, shape: str, x: float, y: float, hollow: bool = False) -> str:
    fill = "var(--paper)" if hollow else f"var(--{kind})"
    at = f'transform="translate({x:.1f} {y:.1f})"'
    return f'<path class="mark" d="{shape}" {at} fill="{fill}" stroke="var(--{kind})"/>'
