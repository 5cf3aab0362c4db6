import random

import pytest

from sottovoce.codec.evaluation.word_errors import word_error_rate, word_figures, words

pytest.importorskip("whisper_normalizer", reason="whisper_normalizer isn't installed: pip install 'sottovoce[asr]'")


def test_text_is_normalised_as_in_whispers_paper():
    assert words("Mr. Brown's colour is twenty-five, [noise] isn't it?", "en") == [
        "mister",
        "brown",
        "is",
        "color",
        "is",
        "25",
        "is",
        "not",
        "it",
    ]
    assert words("Verder: goed hotel!", "nl") == ["verder", "goed", "hotel"]
    assert words("你好，世界", "zh") == ["你", "好", "世", "界"]
    assert words("", "en") == []


def test_errors_are_counted_in_words():
    said = ["one", "two", "three", "four"]
    assert word_error_rate(said, said) == 0
    assert word_error_rate(said, ["one", "three", "four"]) == 25  # missing
    assert word_error_rate(said, ["one", "two", "three", "three", "four"]) == 25  # additional
    assert word_error_rate(said, ["one", "two", "free", "five"]) == 50  # wrong
    assert word_error_rate(said, []) == 100
    assert word_error_rate([], said) is None


def test_a_recogniser_that_repeats_itself_costs_one_recording():
    assert word_error_rate(["thanks"], ["thanks"] * 200) == 100


def test_jiwer_agrees():
    jiwer = pytest.importorskip("jiwer")
    draw = random.Random(1)
    for _ in range(50):
        said, recognised = (draw.choices("abcdef", k=draw.randint(4, 12)) for _ in range(2))
        expected = min(1, jiwer.wer(" ".join(said), " ".join(recognised)))
        assert word_error_rate(said, recognised) == pytest.approx(100 * expected)


def test_against_the_text_and_against_the_original():
    figures = word_figures("It is 5 past two", "it's five past two.", "It is five past ten, John.", "en")
    assert figures == {"wer": pytest.approx(100 * 2 / 6, abs=1e-4), "wer_words": 6, "dwer": 0, "dwer_words": 5}
    assert word_figures("hello", "hello", "", "en") == {"wer": None, "wer_words": None, "dwer": 0, "dwer_words": 1}
    assert word_figures(None, None, "hallo", "de")["wer"] is None  # the recogniser doesn't know the language
    assert word_figures("you", "", "", "en")["dwer"] is None  # nothing recognised in the original
