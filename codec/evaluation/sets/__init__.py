"""Speech corpora by name: their layout, texts, speakers, and the subset on which results are usually published."""

from collections.abc import Callable
from pathlib import Path

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.sets import codec_superb, common_voice, librispeech, ljspeech, vctk
from sottovoce.codec.evaluation.sets.rows import Row

SETS: dict[str, Callable[[Path], list[Row]]] = {
    "librispeech-test-clean": librispeech.test_clean,
    "librispeech-test-other": librispeech.test_other,
    "vctk": vctk.rows,
    "ljspeech": ljspeech.rows,
    "common-voice": common_voice.rows,
    "codec-superb": codec_superb.rows,
}
"""What lists the recordings of each corpus, with paths relative to the folder."""


def rows(name: str, folder: str) -> list[Row]:
    """Return the recordings of a corpus.

    Parameters
    ----------
    name : str
        One of `SETS`.
    folder : str
        Where it is.

    Raises
    ------
    SottoError
        When there is no such corpus, or the folder has another layout.
    """
    if name not in SETS:
        raise SottoError(f"no set named {name!r}", f"choose one of {', '.join(SETS)}")
    found = SETS[name](Path(folder))
    if not found:
        raise SottoError(f"no recordings of {name} in it", "name the folder of the corpus, unpacked", folder)
    return found
