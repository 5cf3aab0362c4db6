"""Predicted naturalness of decoded recordings, which is stored like other figures."""

from dataclasses import dataclass
from pathlib import Path

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.measuring import Measurement
from sottovoce.codec.evaluation.metrics import Figures
from sottovoce.codec.evaluation.predictors import predict
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import read_flac


@dataclass(frozen=True)
class Prediction:
    """A decoded recording whose naturalness is predicted.

    Parameters
    ----------
    measurement : Measurement
        The recording and the codec.
    predictor : str
        Name of the predictor.
    weights : Path
        Folder of its weights.
    identity : str
        Text that changes when its figures can change.
    """

    measurement: Measurement
    predictor: str
    weights: Path
    identity: str

    @property
    def part(self) -> StoredPart:
        """The file in which the figures are stored."""
        coding, one = self.measurement.coding, self.measurement
        key = {"recording": coding.crc32, "decoded": one.crc32, "delay": one.delay, "predictor": self.identity}
        path = places.parts(coding.folder, coding.codec) / f"{coding.recording.id}.{self.predictor}.json"
        return StoredPart(path, key)

    def known(self) -> Figures | None:
        """Return the figures if they are stored."""
        figures: Figures | None = self.part.load()
        return figures


def predict_one(task: Prediction) -> Figures:
    """Predict the naturalness of what is measured and can be listened to, and store it."""
    coding = task.measurement.coding
    with error_context(f"{task.predictor}, {coding.codec}, {coding.recording.path}"):
        wave = read_flac(places.clip(coding.folder, coding.codec, coding.recording.id))
        figures = predict(task.predictor, task.weights, wave)
    task.part.save(figures)
    return figures
