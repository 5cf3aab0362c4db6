"""Encryption of messages and of the packets of a stream, with keys that both ends have.

Messages have no counter that both ends share, and a random nonce that never repeats is longer than they can afford. So
the tag of a message, a keyed hash of its plaintext, is also its nonce ("synthetic initialisation vector": Rogaway and
Shrimpton 2006, "Deterministic authenticated-encryption", EUROCRYPT; RFC 5297): the same message gives the same bytes,
and two different ones share a nonce only when their tags happen to be equal.

Packets of a stream have numbers, which with a random session make nonces that never repeat: they are encrypted with
ChaCha20-Poly1305 (RFC 8439). No proof bounds how hard a Poly1305 tag is to forge once it is cut off, so the tag sent is
a keyed hash of the whole one, which is no easier to forge than to guess: 2^-64 for 8 bytes, 2^-32 for 4.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from functools import partial
from typing import Any

from sottovoce.codec.bits.message import ENCRYPTED, IdsOf, sealed
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.message_encoder import Seal
from sottovoce.codec.offline.message_reader import Unseal

KEY_BYTES = 32
MESSAGE_TAG, SHORT_MESSAGE_TAG = 10, 6
"""Bytes that a message's tag takes. It replaces the checksum of 2 bytes."""

PACKET_TAG, SHORT_PACKET_TAG = 8, 4
"""Bytes that a packet's tag takes."""

SESSION_BYTES = 8
"""Random bytes that a stream begins with: the first part of its nonces."""

WINDOW = 1024
"""Packets behind the newest one in which a late one is accepted once."""

_NONCE = 12  # bytes of a nonce of RFC 8439
_PREFIX = "sotto-key-1:"


def new_key() -> bytes:
    """Return a random key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def key_line(key: bytes) -> str:
    """Return the text of a key file."""
    return _PREFIX + base64.urlsafe_b64encode(_checked(key)).decode().rstrip("=") + "\n"


def parse_key(text: str) -> bytes:
    """Return the key that a key file contains; raise SottoError where it is none."""
    line = text.strip()
    try:
        if not line.startswith(_PREFIX):
            raise ValueError("no prefix")
        encoded = line.removeprefix(_PREFIX)
        return _checked(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise SottoError("not a key", "make one with `sotto key -o FILE`") from error


def sealer(key: bytes | None, *, short_tag: bool = False) -> Seal:
    """Return what closes messages: with a tag of this key, or without one with a checksum."""
    if key is None:
        return sealed
    return partial(MessageCipher(key).seal, size=SHORT_MESSAGE_TAG if short_tag else MESSAGE_TAG)


def unsealer(key: bytes | None) -> Unseal | None:
    """Return what opens encrypted messages; None without a key."""
    return None if key is None else MessageCipher(key).open


class MessageCipher:
    """Encrypts messages so that the same message always gives the same bytes.

    Parameters
    ----------
    key : bytes
        32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._tag_key = _derived(key, b"sotto message tag")
        self._cipher_key = _derived(key, b"sotto message cipher")
        _cryptography()  # so that its absence is reported at once

    def seal(self, body: bytes, model: bytes, *, size: int = MESSAGE_TAG) -> bytes:
        """Encrypt a message.

        Parameters
        ----------
        body : bytes
            The message without its checksum; its first byte stays in the clear.
        model : bytes
            Id of its model, which the tag covers.
        size : int
            Bytes of the tag.
        """
        start = bytes((body[0] | ENCRYPTED,))
        tag = self._tag(start + body[1:], model, size)
        return start + self._stream(tag, body[1:]) + tag

    def open(self, data: bytes, ids_of: IdsOf) -> tuple[bytes, bytes]:
        """Decrypt a message; return it without its tag, and the id of its model.

        Raises
        ------
        SottoError
            When it is damaged, or was encrypted with another key.
        """
        for size in (MESSAGE_TAG, SHORT_MESSAGE_TAG):
            if len(data) <= size + 1:
                continue
            tag = data[-size:]
            body = data[:1] + self._stream(tag, data[1:-size])
            for model in ids_of(body):
                if hmac.compare_digest(self._tag(body, model, size), tag):
                    return body, model
        raise SottoError("another key encrypted the message, or it is damaged", "check the key, or get it again")

    def _tag(self, body: bytes, model: bytes, size: int) -> bytes:
        return hmac.digest(self._tag_key, bytes((size,)) + model + body, "sha256")[:size]

    def _stream(self, tag: bytes, data: bytes) -> bytes:
        """Encrypt or decrypt: the same. The nonce ends in the size of the tag."""
        nonce = tag.ljust(_NONCE - 1, b"\0") + bytes((len(tag),))
        return _cryptography().ChaCha20Poly1305(self._cipher_key).encrypt(nonce, data, None)[: len(data)]


class PacketCipher:
    """Encrypts and decrypts the numbered packets of one direction of a stream.

    Parameters
    ----------
    key : bytes
        32 bytes.
    session : bytes
        8 random bytes, drawn anew for each stream: `new_session`.
    short_tag : bool
        Whether tags have 4 instead of 8 bytes.

    Examples
    --------
    >>> from sottovoce.codec.encryption import PacketCipher, ReplayWindow, new_key, new_session
    >>> key, session = new_key(), new_session()
    >>> data = PacketCipher(key, session).seal(7, b"speech")
    >>> PacketCipher(key, session).open(7, data), PacketCipher(new_key(), session).open(7, data)
    (b'speech', None)
    """

    def __init__(self, key: bytes, session: bytes, *, short_tag: bool = False) -> None:
        if len(session) != SESSION_BYTES:
            raise ValueError(f"a session has {SESSION_BYTES} bytes")
        self.overhead = SHORT_PACKET_TAG if short_tag else PACKET_TAG
        self._session = session
        self._tag_key = _derived(key, b"sotto packet tag" + session)
        self._aead = _cryptography().ChaCha20Poly1305(_derived(key, b"sotto packet cipher" + session))

    def seal(self, number: int, payload: bytes, clear: bytes = b"") -> bytes:
        """Encrypt a packet.

        Parameters
        ----------
        number : int
            Its number, 0 to 2**32 - 1, which no other packet of the session may have.
        payload : bytes
        clear : bytes
            What is sent beside it in the clear, and protected by the tag.
        """
        nonce = self._nonce(number)
        whole = self._aead.encrypt(nonce, payload, clear)
        return whole[: len(payload)] + self._tag(nonce, whole[len(payload) :])

    def open(self, number: int, data: bytes, clear: bytes = b"") -> bytes | None:
        """Decrypt a packet; None where it is not one of this key, session and number. Ask `ReplayWindow` next."""
        if len(data) < self.overhead:
            return None
        nonce, body = self._nonce(number), data[: -self.overhead]
        payload = self._aead.encrypt(nonce, body, clear)[: len(body)]
        whole = self._aead.encrypt(nonce, payload, clear)
        return payload if hmac.compare_digest(self._tag(nonce, whole[len(body) :]), data[len(body) :]) else None

    def _nonce(self, number: int) -> bytes:
        return self._session + number.to_bytes(_NONCE - SESSION_BYTES, "little")

    def _tag(self, nonce: bytes, tag: bytes) -> bytes:
        return hmac.digest(self._tag_key, nonce + tag, "sha256")[: self.overhead]


class ReplayWindow:
    """Accepts each number once, and none that is far behind the newest one.

    Examples
    --------
    >>> from sottovoce.codec.encryption import ReplayWindow
    >>> window = ReplayWindow()
    >>> [window.accept(number) for number in (5, 7, 6, 7, 5)]
    [True, True, True, False, False]
    """

    def __init__(self) -> None:
        self._newest = -1
        self._seen = 0  # bit i: the number that is i behind the newest

    def accept(self, number: int) -> bool:
        """Return whether a number is new, and remember it. Ask only for packets that were decrypted."""
        ahead = number - self._newest
        if ahead > 0:
            self._seen = ((self._seen << min(ahead, WINDOW)) | 1) & ((1 << WINDOW) - 1)
            self._newest = number
            return True
        if -ahead >= WINDOW or self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        return True


def whole_number(low: int, newest: int) -> int:
    """Return the number whose lowest 16 bits are `low` that is nearest to `newest`, and not negative."""
    ahead = (low - newest + (1 << 15)) % (1 << 16) - (1 << 15)
    return newest + ahead if newest + ahead >= 0 else newest + ahead + (1 << 16)


def new_session() -> bytes:
    """Return the random bytes that a stream begins with."""
    return secrets.token_bytes(SESSION_BYTES)


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise SottoError(f"a key of {len(key)} bytes", f"give {KEY_BYTES}")
    return key


def _derived(key: bytes, purpose: bytes) -> bytes:
    """Return a key for one purpose, so that no two algorithms share one (HKDF-Expand, RFC 5869, of one block)."""
    return hmac.digest(_checked(key), purpose + b"\1", hashlib.sha256)


def _cryptography() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers import aead
    except ImportError as error:
        raise SottoError("encryption needs the package `cryptography`", "pip install 'sottovoce[crypto]'") from error
    return aead
