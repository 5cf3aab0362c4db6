import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits.header import METADATA_LIMIT
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.tags import pack, unpack

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7D, exclude_characters="="), min_size=1)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@given(st.lists(st.tuples(KEYS, VALUES), max_size=5))
def test_there_and_back(tags):
    packed = pack(f"{key}={value}" for key, value in tags)
    expected: dict[str, list[str]] = {}
    for key, value in tags:
        expected.setdefault(key, []).append(value)
    assert unpack(packed) == expected
    assert (packed is None) == (not tags)


def test_as_bytes():
    assert pack(["TITLE=A = b", "ARTIST=Ørsted", "ARTIST="]) == "TITLE=A = b\nARTIST=Ørsted\nARTIST=".encode()


@pytest.mark.parametrize("tag", ["TITLE", "=x", "TÏTLE=x", "A\nB=x", "~=x", ""])
def test_what_is_no_tag(tag):
    with pytest.raises(SottoError, match="no tag"):
        pack([tag])


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[2J", "\udcff"])
def test_what_no_value_may_hold(value):
    with pytest.raises(SottoError, match="control characters or isn't Unicode"):
        pack([f"TITLE={value}"])


def test_too_long():
    assert len(pack(["A=" + "x" * (METADATA_LIMIT - 2)]) or b"") == METADATA_LIMIT
    with pytest.raises(SottoError, match="tags of 65537 bytes"):
        pack(["A=" + "x" * (METADATA_LIMIT - 1)])


@given(st.binary())
def test_any_bytes_are_borne_and_nothing_moves_the_cursor(metadata):
    for values in unpack(metadata).values():
        assert all(c >= " " and c not in map(chr, range(0x7F, 0xA0)) for value in values for c in value)


def test_lines_that_are_no_tags_are_left_out():
    assert unpack(b"TITLE=a\x1bb\n\xff\xfe\n=c\nno\nDATE=\xff") == {"TITLE": ["a�b"], "DATE": ["�"]}
    assert unpack(None) == {}
