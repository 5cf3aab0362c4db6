"""Word error rate: how many words a recogniser misses after coding.

WER compares the words that are recognised with the text of a recording, dWER with the words that the same recogniser
finds in the original. Both are totals over recordings: errors divided by words (Levenshtein distance in words). Text is
normalised as in Whisper's paper (Radford et al. 2022, arXiv 2212.04356, appendix C). A recording counts with at most
as many errors as it has words: recognisers of this kind now and then repeat a word hundreds of times, and a few such
recordings would decide the mean.
"""

from collections.abc import Callable
from functools import cache

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.metrics import Figures, Metric
from sottovoce.models.phones.distance import edit_distance

WORD_METRICS = {
    "wer": Metric("WER, %", 1, False, weight="wer_words"),
    "dwer": Metric("dWER, %", 1, False, weight="dwer_words"),
}
"""Metrics of words; each recording weighs as much as it has words."""

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}
"""Languages that are written without spaces, in which characters are compared."""


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        raise SottoError("word error rates need whisper_normalizer", "pip install 'sottovoce[asr]'") from error
    return EnglishTextNormalizer() if language == "en" else BasicTextNormalizer(split_letters=language in UNSPACED)


def words(text: str, language: str) -> list[str]:
    """Return the normalised words of a text; characters in languages without spaces.

    Raises
    ------
    SottoError
        When whisper_normalizer is not installed.
    """
    return _normaliser(language)(text).split()


def word_error_rate(said: list[str], recognised: list[str]) -> float | None:
    """Return substituted, missing and additional words in percent of the words that were said, at most 100.

    None if nothing was said.
    """
    if not said:
        return None
    numbers: dict[str, int] = {}
    hypothesis, reference = ([numbers.setdefault(word, len(numbers)) for word in text] for text in (recognised, said))
    return min(100.0, 100 * edit_distance(hypothesis, reference) / len(said))


def word_figures(transcript: str | None, original: str | None, text: str, language: str) -> Figures:
    """Return WER and dWER of a decoded recording, and the number of words of each.

    Parameters
    ----------
    transcript, original : str or None
        Transcripts of the decoded recording and of the original; None if the recogniser does not know the language.
    text : str
        What is said, if it is known.
    language : str
        Two letters, such as "en".
    """
    figures: Figures = {"wer": None, "wer_words": None, "dwer": None, "dwer_words": None}
    if transcript is None or original is None:
        return figures
    recognised = words(transcript, language)
    for key, reference in (("wer", text), ("dwer", original)):
        said = words(reference, language)
        rate = word_error_rate(said, recognised)
        if rate is not None:
            figures |= {key: round(rate, 5), f"{key}_words": float(len(said))}
    return figures
