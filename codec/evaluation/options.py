"""Settings of an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

from sottovoce.codec.evaluation.conditions.base import Condition


@dataclass(frozen=True)
class EvaluationOptions:
    """What is measured, besides the metrics that are always measured.

    Parameters
    ----------
    presets : sequence of str, optional
        Presets of this codec; all of them if None.
    model : str
        Name of the model, or path of its weights.
    against : str
        Families of codecs or single codecs, separated by commas; or "none".
    weights : str, optional
        Folder of the weights of neural codecs.
    commands : sequence of str
        Command lines of external codecs: see `peers.external.parse`.
    corpus : str, optional
        Name of the corpus that is measured: see `sets`.
    limit : int, optional
        Most recordings.
    published : bool
        Whether published figures of other codecs are part of the report.
    predictors : sequence of str
        Names of predictors of naturalness: see `predictors.PREDICTORS`.
    asr : str, optional
        Name of a Whisper model, or path of its folder, for word error rates.
    language : str
        Language of recordings for which the table has none.
    conditions : sequence of Condition
        Conditions under which the codecs are measured as well.
    """

    presets: Sequence[str] | None = None
    model: str = "default"
    against: str = "none"
    weights: str | None = None
    commands: Sequence[str] = ()
    corpus: str | None = None
    limit: int | None = None
    published: bool = False
    predictors: Sequence[str] = ()
    asr: str | None = None
    language: str = "en"
    conditions: Sequence[Condition] = ()
