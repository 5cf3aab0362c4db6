"""What the report says about each condition: means against the clean and against the degraded recordings."""

from collections.abc import Mapping, Sequence
from typing import Any

from sottovoce.codec.evaluation.conditions.base import Condition
from sottovoce.codec.evaluation.measuring import DEGRADED
from sottovoce.codec.evaluation.metrics import CONDITION_METRICS, DEGRADED_METRICS, METRICS, Figures, Metric
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.report import CodecRow, means, nothing_coded
from sottovoce.codec.evaluation.word_errors import WORD_METRICS


def condition_metrics(words: bool) -> dict[str, Metric]:
    """Return the metrics under conditions, with those of words or without."""
    return {key: METRICS[key] for key in CONDITION_METRICS} | (WORD_METRICS if words else {})


def condition_report(
    condition: Condition,
    rows: Sequence[CodecRow],
    recordings: Sequence[ReferenceRecording],
    seconds: float,
    words: bool,
) -> dict[str, Any]:
    """Return what report.json contains of a condition.

    Parameters
    ----------
    condition : Condition
        The condition.
    rows : sequence of CodecRow
        The codecs.
    recordings : sequence of ReferenceRecording
        The recordings.
    seconds : float
        Length of all recordings.
    words : bool
        Whether word error rates were measured.
    """
    return {
        "key": condition.key,
        "kind": condition.kind,
        "title": condition.title,
        "value": condition.value,
        "unit": condition.unit,
        "clean": condition.clean,
        "codecs": [_codec(row, recordings, seconds, condition_metrics(words)) for row in rows],
    }


def _codec(
    row: CodecRow, recordings: Sequence[ReferenceRecording], seconds: float, metrics: Mapping[str, Metric]
) -> dict[str, Any]:
    degraded = [_degraded(figures) for figures in row.figures]
    compared = {key: metric for key, metric in metrics.items() if key in (*DEGRADED_METRICS, "dwer")}
    rate = 8 * sum(one["bytes"] for one in row.coded) / seconds
    return {
        "name": row.codec.name,
        "file_bit_rate": None if nothing_coded(row.codec) else round(rate, 1),
        "means": means(row.figures, recordings, metrics),
        "degraded": means(degraded, recordings, {key: one for key, one in compared.items() if key in degraded[0]}),
        "recordings": [dict(figures) for figures in row.figures],
    }


def _degraded(figures: Figures) -> Figures:
    return {key.removeprefix(DEGRADED): value for key, value in figures.items() if key.startswith(DEGRADED)}
