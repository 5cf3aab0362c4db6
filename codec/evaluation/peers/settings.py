"""What the codecs of an evaluation are made with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PeerSettings:
    """Settings of codecs, which go to every process.

    Parameters
    ----------
    model : str
        Name of this codec's model, or path of its weights.
    weights : str, optional
        Folder in which the weights of each neural codec are, in a folder of the codec's name.
    commands : tuple of str
        Command lines of external codecs: see `external.parse`.
    """

    model: str = "default"
    weights: str | None = None
    commands: tuple[str, ...] = ()

    def folder(self, family: str) -> Path:
        """Return the folder of the weights of a neural codec, which need not exist."""
        return Path(self.weights or "WEIGHTS", family)
