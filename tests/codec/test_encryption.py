"""Encryption of messages and packets."""

import hmac

import numpy as np
import pytest
from helpers import coded_toy
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError, info
from sottovoce.codec.encryption import (
    MESSAGE_TAG,
    PACKET_TAG,
    SHORT_MESSAGE_TAG,
    SHORT_PACKET_TAG,
    WINDOW,
    MessageCipher,
    PacketCipher,
    ReplayWindow,
    key_line,
    new_key,
    new_session,
    parse_key,
    whole_number,
)

ciphers = pytest.importorskip("cryptography.hazmat.primitives.ciphers")
KEY, ID = bytes(range(32)), b"\xc0\xff\xee\x01"
BODY = b"\xc1\x4a\xc8\x01\x56\x78\x12\x34"


def ids(body: bytes) -> list[bytes]:
    return [b"else", ID]


@pytest.mark.parametrize("size", [MESSAGE_TAG, SHORT_MESSAGE_TAG])
def test_messages(size):
    cipher = MessageCipher(KEY)
    data = cipher.seal(BODY, ID, size=size)
    assert len(data) == len(BODY) + size and data[0] == BODY[0] | 0x20 and BODY[1:] not in data
    assert cipher.open(data, ids) == (bytes((data[0],)) + BODY[1:], ID)
    assert cipher.seal(BODY, ID, size=size) == data and MessageCipher(new_key()).seal(BODY, ID, size=size) != data
    for wrong in (MessageCipher(new_key()), MessageCipher(KEY[::-1])):
        with pytest.raises(SottoError, match="another key"):
            wrong.open(data, ids)
    with pytest.raises(SottoError):
        cipher.open(data, lambda body: [b"else"])


@pytest.mark.parametrize("size", [MESSAGE_TAG, SHORT_MESSAGE_TAG])
def test_every_bit_and_every_cut_counts(size):
    cipher = MessageCipher(KEY)
    data = cipher.seal(BODY, ID, size=size)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SottoError):
            cipher.open(bytes(changed), ids)
    for stop in range(len(data)):
        with pytest.raises(SottoError):
            cipher.open(data[:stop], ids)


def test_messages_are_as_the_page_says():
    """The same by ChaCha20 alone, with the counter at which RFC 8439 begins to encrypt."""
    data = MessageCipher(KEY).seal(BODY, ID)
    body = bytes((BODY[0] | 32,)) + BODY[1:]
    tag_key, key = (hmac.digest(KEY, f"sotto message {name}\1".encode(), "sha256") for name in ("tag", "cipher"))
    tag = hmac.digest(tag_key, b"\x0a" + ID + body, "sha256")[:10]
    nonce = b"\1\0\0\0" + tag + b"\0\x0a"
    encrypted = ciphers.Cipher(ciphers.algorithms.ChaCha20(key, nonce), None).encryptor().update(body[1:])
    assert data == body[:1] + encrypted + tag


@pytest.mark.parametrize(("short", "overhead"), [(False, PACKET_TAG), (True, SHORT_PACKET_TAG)])
def test_packets(short, overhead):
    session = new_session()
    sender, receiver = (PacketCipher(KEY, session, short_tag=short) for _ in range(2))
    data = sender.seal(70000, b"speech", b"clear")
    assert len(data) == 6 + overhead == 6 + sender.overhead and b"speech" not in data
    assert receiver.open(70000, data, b"clear") == b"speech"
    assert sender.seal(70001, b"speech", b"clear")[:6] != data[:6]
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert receiver.open(70000, bytes(changed), b"clear") is None
    assert receiver.open(70001, data, b"clear") is None and receiver.open(70000, data, b"other") is None
    assert receiver.open(70000, data[:3], b"clear") is None
    for key, other in ((new_key(), session), (KEY, new_session())):
        assert PacketCipher(key, other, short_tag=short).open(70000, data, b"clear") is None


def test_long_and_short_tags_are_not_each_other():
    session = new_session()
    long, short = PacketCipher(KEY, session), PacketCipher(KEY, session, short_tag=True)
    assert short.open(1, long.seal(1, b"speech")) is None and long.open(1, short.seal(1, b"speech!!!!")) is None


def test_replay():
    window = ReplayWindow()
    assert [window.accept(number) for number in (0, 0, 3, 1, 2, 2, 3)] == [True, False, True, True, True, False, False]
    assert window.accept(5000) and not window.accept(5000 - WINDOW) and window.accept(5001 - WINDOW)
    assert not window.accept(5001 - WINDOW) and not window.accept(3)


@pytest.mark.parametrize(
    ("low", "newest", "whole"),
    [(5, 3, 5), (65535, 0, 65535), (2, 65530, 65538), (65530, 65538, 65530), (0, 131071, 131072), (65535, 5, 65535)],
)
def test_whole_numbers_from_sixteen_bits(low, newest, whole):
    assert whole_number(low, newest) == whole


def test_keys_as_text():
    key = new_key()
    assert parse_key(key_line(key)) == key and len(key_line(key)) == 56
    for wrong in ("", "sotto-key-1:", key_line(key)[:-3], "sotto-key-1:" + "!" * 43, "x" + key_line(key)):
        with pytest.raises(SottoError, match="key"):
            parse_key(wrong)
    with pytest.raises(SottoError, match="a key of 3 bytes"):
        MessageCipher(b"abc")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(SottoError, match="sottovoce\\[crypto\\]"):
        MessageCipher(KEY)


def test_encrypted_messages_of_the_codec(toy, monkeypatch):
    coded_toy.in_messages(monkeypatch)
    codec, wave = Codec.load(), speech(3.0, level=0.3)
    (clear,) = codec.encode_message(wave, 16000)
    for short, more in ((False, 8), (True, 4)):
        (message,) = codec.encode_message(wave, 16000, key=KEY, short_tag=short)
        assert len(message) == len(clear) + more
        assert np.array_equal(codec.decode(message, key=KEY), codec.decode(clear))
        assert info(message, key=KEY).encrypted and not info(clear, key=KEY).encrypted
    with pytest.raises(SottoError, match="encrypted; give its key"):
        codec.decode(message)
    with pytest.raises(SottoError, match="another key"):
        codec.decode(message, key=new_key())
    packets = codec.encode_message(wave, 16000, mtu=90, key=KEY)
    assert max(map(len, packets)) <= 90
    assert np.array_equal(codec.decode(codec.join(packets[::-1], key=KEY), key=KEY), codec.decode(clear))
