import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits.packing import BitPacking


@st.composite
def widths_and_codes(draw):
    widths = draw(st.lists(st.integers(1, 15), min_size=1, max_size=14))
    rows = st.tuples(*(st.integers(0, 2**width - 1) for width in widths))
    codes = draw(st.lists(rows, max_size=60))
    return tuple(widths), np.array(codes, np.int16).reshape(-1, len(widths))


def by_hand(codes, widths) -> bytes:
    """The definition: write every code in binary, one after the other."""
    digits = "".join(f"{code:0{width}b}" for step in codes.tolist() for code, width in zip(step, widths, strict=True))
    digits += "0" * (-len(digits) % 8)
    return bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits), 8))


@given(widths_and_codes())
def test_equals_the_definition_and_comes_back(case):
    widths, codes = case
    packing = BitPacking(widths)
    payload = packing.pack(packing.check(codes))
    assert payload == by_hand(codes, widths)
    assert len(payload) == packing.size(len(codes))
    back = packing.unpack(payload, len(codes))
    assert back.dtype == np.int16 and np.array_equal(back, codes) and back.shape == codes.shape


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.uint64])
def test_any_integers_go_in(dtype):
    packing = BitPacking((7, 3))
    assert packing.check(np.array([[100, 7], [0, 0]], dtype)).dtype == np.int16


@pytest.mark.parametrize(
    "codes",
    [[[8, 0]], [[0, 1024]], [[-1, 0]], [[0]], [0, 0], [[[0, 0]]], [[0.0, 0.0]], [["a", "b"]], [[2**63, 0]]],
)
def test_what_does_not_fit_is_refused(codes):
    with pytest.raises(ValueError, match="codes"):
        BitPacking((3, 10)).check(codes)


@pytest.mark.parametrize("widths", [(), (0,), (16,), (8, -1)])
def test_impossible_widths(widths):
    with pytest.raises(ValueError, match="widths"):
        BitPacking(widths)
