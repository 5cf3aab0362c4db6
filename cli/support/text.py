"""Names and metadata as text that a terminal shows as what it is, whoever wrote them."""

import json
import re
import unicodedata
from typing import Any

_BYTES = re.compile("[\udc80-\udcff]+")
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the order in which others are shown."""
_INVISIBLE = frozenset("\u200b\u2060\ufeff")
_UNSHOWN = frozenset(["Cc", "Cs", "Zl", "Zp"])
"""Unicode categories: controls, surrogates, separators of lines and of paragraphs."""


def one_line(text: str) -> str:
    """Return text with escapes in place of what moves the cursor, breaks the line or hides and reorders characters."""
    return "".join(_escaped(one) for one in recombined(text))


def lines(text: str) -> str:
    """Return the same for text whose line breaks are meant."""
    return "\n".join(map(one_line, text.split("\n")))


def recombined(text: str) -> str:
    """Return names that were read in a locale other than theirs with the characters that their bytes are in UTF-8."""
    return _BYTES.sub(lambda found: found[0].encode("ascii", "surrogateescape").decode(errors="surrogateescape"), text)


def as_json(value: Any) -> bytes:
    """Return a line of JSON, always valid UTF-8: bytes of names that are no text are escaped, as in ``"\\udce9"``."""
    text = recombined(json.dumps(value, ensure_ascii=False))
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def _escaped(one: str) -> str:
    if one < "\x7f" and one >= " ":
        return one
    code = ord(one)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if one in _BIDIRECTIONAL or one in _INVISIBLE or unicodedata.category(one) in _UNSHOWN:
        return one.encode("unicode_escape").decode()
    return one
