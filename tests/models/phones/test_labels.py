"""Names, numbers, alignments, and what a string of best classes says."""

import pytest

from sottovoce.models.phones.labels import BLANK, PHONE_IDS, PHONES, collapse, parse_alignment, phone_ids


def test_thirty_nine_phones():
    assert len(PHONES) == len(set(PHONES)) == BLANK == 39


def test_alignments():
    assert parse_alignment("SIL:0:15 W:15:18 IH:18:30") == [("SIL", 0, 15), ("W", 15, 18), ("IH", 18, 30)]
    assert parse_alignment("AH0:1:2 OW1:2:3") == [("AH", 1, 2), ("OW", 2, 3)]
    assert parse_alignment("") == []
    for broken in ("AA:1", "AA:x:2", "QQ:1:2"):
        with pytest.raises(ValueError):
            parse_alignment(broken)


def test_numbers():
    assert phone_ids(["SIL", "AA", "ZH", "SIL"]) == [0, 38]
    with pytest.raises(ValueError, match="aa is not an English phone"):
        phone_ids(["aa"])


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ([], []),
        ([BLANK, BLANK], []),
        ([1, 1, 1], [1]),
        ([1, BLANK, 1], [1, 1]),
        ([BLANK, 2, 2, BLANK, BLANK, 3, 1, 1, BLANK], [2, 3, 1]),
    ],
)
def test_collapse(classes: list[int], said: list[int]):
    assert collapse(classes) == said


def test_numbers_are_places():
    assert all(PHONES[PHONE_IDS[name]] == name for name in PHONES)
