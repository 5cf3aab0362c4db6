"""CRC-16/CCITT-FALSE: polynomial 0x1021, start value 0xFFFF, not reflected, nothing added at the end."""

from binascii import crc_hqx

CRC_BYTES = 2
"""Bytes that a checksum takes."""


def crc16(data: bytes) -> int:
    """Return the checksum of `data`; that of ``b"123456789"`` is 0x29B1."""
    return crc_hqx(data, 0xFFFF)  # the standard library's table-driven loop, in C


def append_crc(body: bytes) -> bytes:
    """Return `body` with its checksum after it, little-endian."""
    return body + crc16(body).to_bytes(CRC_BYTES, "little")


def has_valid_crc(record: bytes) -> bool:
    """Tell whether `record` ends in the checksum of what is before it."""
    return len(record) >= CRC_BYTES and append_crc(record[:-CRC_BYTES]) == record
