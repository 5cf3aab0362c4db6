"""The recording itself among the codecs: what perfect figures are, and DNSMOS and phone errors before any coding."""

from sottovoce.codec.evaluation.peers.base import RATE, Wave, floats, integers

NAME = "original"


class OriginalRecording:
    """Plain 16-bit samples."""

    name, title, family = NAME, "original", "anchor"
    bit_rate = 16.0 * RATE
    identity = "16-bit samples"

    def encode(self, wave: Wave) -> bytes:
        """Return the samples."""
        return integers(wave).tobytes()

    def decode(self, data: bytes) -> Wave:
        """Return the samples again."""
        return floats(data)

    def commands(self) -> None:
        """There is no program."""
