"""Edit distance on known cases, and against its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.models.phones.distance import edit_distance


@pytest.mark.parametrize(
    ("heard", "truth", "wrong"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("abc", "abc", 0),
        ("kitten", "sitting", 3),
        ("intention", "execution", 5),
        ("ab", "ba", 2),
        ("xabc", "abc", 1),
        ("abc", "abcabc", 3),
    ],
)
def test_known(heard: str, truth: str, wrong: int):
    assert edit_distance([ord(c) for c in heard], [ord(c) for c in truth]) == wrong


def plain(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    table = [[max(i, j) for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            replaced = table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced)
    return table[-1][-1]


SEQUENCE = st.lists(st.integers(0, 3), max_size=12).map(tuple)


@given(SEQUENCE, SEQUENCE)
def test_as_defined(a: tuple[int, ...], b: tuple[int, ...]):
    assert edit_distance(a, b) == plain(a, b) == edit_distance(b, a)
