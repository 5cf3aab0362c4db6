"""Speex, wideband (Jean-Marc Valin, https://www.speex.org), by its own programs."""

from collections.abc import Iterator

from sottovoce.codec.evaluation.peers.base import Programs, Wave, converted, floats

QUALITIES = {"1": 115, "0": 79}
"""Bits of a frame of 20 ms at each quality, as libspeex's modes.c has them: the narrow band's and the high band's."""

DELAY = 223
"""Samples that the decoder is late."""


class Speex(Programs):
    """Speex at one quality, as an Ogg file.

    Parameters
    ----------
    quality : str
        One of `QUALITIES`.
    """

    family = "speex"

    def __init__(self, quality: str) -> None:
        files = ["{input}", "{output}"]
        encoder = ["speexenc", "--wideband", "--quality", quality, *files]
        super().__init__(encoder, ["speexdec", *files], "apt install speex", ["speexenc", "--version"])
        self.name, self.title = f"speex:{quality}", f"Speex wideband, quality {quality}"
        self.bit_rate = QUALITIES[quality] * 50.0

    def decode(self, data: bytes) -> Wave:
        """Return what a file says; what the decoder is late is cut off all of them alike.

        The program does that where the sound takes more than one page, that is from 5 s on, and else takes it for
        what the last page has too much.
        """
        wave = floats(converted(self._decoder, data))
        return wave if sum(1 for _ in _pages(data)) > _HEADERS + 1 else wave[DELAY:]


_HEADERS = 2  # pages before the sound


def _pages(data: bytes) -> Iterator[int]:
    """Yield where the pages of an Ogg file start (RFC 3533, section 6)."""
    at = 0
    while at < len(data):
        yield at
        segments = data[at + 26]
        at += 27 + segments + sum(data[at + 27 : at + 27 + segments])
