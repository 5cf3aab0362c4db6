"""Speech recognition by Whisper (Radford et al. 2022, arXiv 2212.04356) in faster-whisper, on the CPU."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.evaluation.peers.base import Wave

WEIGHTS = "model.bin"
INSTALL = "pip install 'sottovoce[asr]'"


class RecogniserModel(NamedTuple):
    """A Whisper model in CTranslate2's format.

    Attributes
    ----------
    name : str
        As the user named it.
    folder : str
        Where its files are.
    sha256 : str
        Hash of its weights.
    version : str
        Version of faster-whisper.
    """

    name: str
    folder: str
    sha256: str
    version: str

    @property
    def identity(self) -> str:
        """Text that changes when transcripts can change."""
        return f"whisper {self.sha256} faster-whisper {self.version}"


def find_model(name: str) -> RecogniserModel:
    """Find a Whisper model by its path, or by its name, by which faster-whisper downloads it once.

    Parameters
    ----------
    name : str
        Folder with model.bin, or a name such as "tiny.en", "base" or "large-v3".

    Raises
    ------
    SottoError
        When faster-whisper is not installed, or there is no such model.
    """
    try:
        from faster_whisper.utils import download_model

        version = metadata.version("faster-whisper")
    except (ImportError, metadata.PackageNotFoundError) as error:
        raise SottoError("word error rates need faster-whisper", INSTALL) from error
    folder = Path(name)
    if not folder.is_dir():
        try:
            folder = Path(download_model(name))
        except Exception as error:  # of the hub's client, which has many kinds of them
            why = f"no Whisper model ({_first_line(error)})"
            raise SottoError(why, "name a folder with model.bin, or a model such as tiny.en", name) from error
    if not (folder / WEIGHTS).is_file():
        raise SottoError(f"no {WEIGHTS} in it", "give the folder of a Whisper model converted for CTranslate2", name)
    with error_context(name), (folder / WEIGHTS).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return RecogniserModel(name, str(folder), sha256, version)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class Recogniser:
    """Whisper with beam search, without timestamps, fallback temperatures or text of earlier windows.

    Parameters
    ----------
    folder : str
        Of the model.
    """

    def __init__(self, folder: str) -> None:
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def transcribe(self, wave: Wave, language: str) -> str | None:
        """Return what is said in a 16 kHz recording; None in a language that the model does not know.

        Parameters
        ----------
        wave : ndarray of float32 [shape=(n,)]
            The recording.
        language : str
            Two letters, such as "en".
        """
        if language not in self._model.supported_languages:
            return None
        segments, _ = self._model.transcribe(
            wave,
            language=language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)


@cache
def recogniser(folder: str) -> Recogniser:
    """Return the recogniser of a folder; each process loads it once.

    Raises
    ------
    SottoError
        When its files are damaged.
    """
    try:
        return Recogniser(folder)
    except (RuntimeError, ValueError) as error:
        raise SottoError(f"no Whisper model ({_first_line(error)})", "download it again", folder) from error
