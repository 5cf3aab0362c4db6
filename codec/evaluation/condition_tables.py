"""The conditions of a report as Markdown tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sottovoce.codec.evaluation.cells import header, mean, row, titled

SHOWN = ("pesq_wb", "estoi", "speaker", "wer", "dwer")
"""Metrics in the tables."""


def condition_tables(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table for each kind of condition and metric: a column for each condition, after one without it."""
    for kind in dict.fromkeys(one["kind"] for one in report.get("conditions", [])):
        group = [one for one in report["conditions"] if one["kind"] == kind]
        yield ""
        yield f"## {kind[0].upper()}{kind[1:]}"
        yield ""
        yield (
            "The codec's input is degraded; figures compare with the clean recording."
            if _degraded(group)
            else ("The codec's input is the clean recording.")
        )
        for metric in report["metrics"]:
            if metric["key"] in SHOWN and any(_known(group, name, metric["key"]) for name in _names(group)):
                yield from _table(report, group, metric, "means")
        for metric in report["metrics"]:
            if metric["key"] in ("estoi", "dwer") and _degraded(group) and metric["key"] in _degraded(group):
                yield ""
                yield "The same against the degraded recording:"
                yield from _table(report, group, metric, "degraded")


def _table(
    report: Mapping[str, Any], group: Sequence[Mapping[str, Any]], metric: Mapping[str, Any], which: str
) -> Iterator[str]:
    key, digits = metric["key"], metric["digits"]
    yield ""
    yield from header([titled(metric), *(["none"] if which == "means" else []), *(one["title"] for one in group)])
    for codec in report["codecs"]:
        if codec["name"] not in _names(group):
            continue
        cells = [_codec(one, codec["name"])[which].get(key) if _codec(one, codec["name"]) else None for one in group]
        base = [codec["means"].get(key)] if which == "means" else []
        yield row([codec["title"], *(mean(cell, digits) for cell in [*base, *cells])])


def _names(group: Sequence[Mapping[str, Any]]) -> set[str]:
    return {codec["name"] for one in group for codec in one["codecs"]}


def _codec(condition: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next((codec for codec in condition["codecs"] if codec["name"] == name), {})


def _known(group: Sequence[Mapping[str, Any]], name: str, key: str) -> bool:
    return any(_codec(one, name).get("means", {}).get(key) for one in group)


def _degraded(group: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the metrics that compare with the degraded recording."""
    return {key for one in group for codec in one["codecs"] for key in codec["degraded"]}
