from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits.crc import append_crc, crc16, has_valid_crc


def bit_by_bit(data: bytes) -> int:
    """The definition: polynomial division, one bit after the other."""
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1 ^ 0x1021 * (register >> 15)) & 0xFFFF
    return register


def test_check_value():
    assert crc16(b"123456789") == 0x29B1


@given(st.binary(max_size=300))
def test_equals_the_definition(data):
    assert crc16(data) == bit_by_bit(data)


@given(st.binary(max_size=60), st.data())
def test_a_burst_of_up_to_16_bits_breaks_the_seal(body, data):
    record = append_crc(body)
    assert has_valid_crc(record)
    burst = data.draw(st.integers(1, 0xFFFF)) << data.draw(st.integers(0, 8 * len(record) - 16))
    # The checksum is stored lowest byte first, so a burst counts as one only within the body or within the checksum.
    if burst >> 16 == 0 or burst & 0xFFFF == 0:
        damaged = int.from_bytes(record, "big") ^ burst
        assert not has_valid_crc(damaged.to_bytes(len(record), "big"))


def test_too_short_to_be_sealed():
    assert not has_valid_crc(b"") and not has_valid_crc(b"\xff") and has_valid_crc(b"\xff\xff")
