"""The recordings that a codec codes worst."""

from collections.abc import Mapping
from typing import Any

COUNT = 8
"""Recordings in the list."""

ORDER = (("dwer", -1), ("wer", -1), ("estoi", 1), ("pesq_wb", 1))
"""Metrics that decide, the first that differs between recordings; 1 where less is worse."""


def flagship(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the codec that the list is of: the default preset, or else the first preset."""
    ours = [codec for codec in report["codecs"] if codec["name"].startswith("sotto:")]
    return next((codec for codec in ours if codec["name"] == "sotto:default"), ours[0] if ours else None)


def worst(report: Mapping[str, Any]) -> list[int]:
    """Return the indices of all recordings, the worst first; none if nothing tells them apart."""
    codec = flagship(report)
    if codec is None:
        return []
    figures = codec["recordings"]
    deciding = [
        (key, sign) for key, sign in ORDER if len({one[key] for one in figures if one.get(key) is not None}) > 1
    ]
    if not deciding:
        return []

    def badness(index: int) -> tuple[float, ...]:
        one = figures[index]
        return tuple(float("inf") if one.get(key) is None else sign * one[key] for key, sign in deciding)

    return sorted(range(len(figures)), key=badness)


def worst_figures(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return id, figures and transcripts of the worst recordings."""
    codec = flagship(report)
    if codec is None or len(report["recordings"]) < 2:
        return []
    original = next((one for one in report["codecs"] if one["name"] == "original"), codec)
    keys = [metric["key"] for metric in report["metrics"]]
    return [
        {
            "id": report["recordings"][index]["id"],
            "figures": {key: codec["recordings"][index].get(key) for key in keys},
            "original": original["recordings"][index].get("transcript"),
            "decoded": codec["recordings"][index].get("transcript"),
        }
        for index in worst(report)[:COUNT]
    ]
