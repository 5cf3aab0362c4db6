"""Codecs that the user names by their command lines."""

import shlex
import shutil
from typing import NamedTuple

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers.base import MissingProgram, Programs, Wave, any_wav_samples, converted, wav_bytes

PLACES = {"{in}": "{input}", "{bits}": "{output}"}, {"{bits}": "{input}", "{out}": "{output}"}
"""Names of the files in the template of the encoder and in that of the decoder."""

EXAMPLE = "give it as 'name: ENCODER {in} {bits} && DECODER {bits} {out}'"


class ExternalCodec(NamedTuple):
    """A codec that is given by two command lines.

    Attributes
    ----------
    name : str
        What the report calls it; "family:setting" puts it on a curve with others of its family.
    encoder, decoder : tuple of str
        Words of the commands.
    """

    name: str
    encoder: tuple[str, ...]
    decoder: tuple[str, ...]


def parse(template: str) -> ExternalCodec:
    """Read a codec from a template such as ``"name: enc {in} {bits} && dec {bits} {out}"``.

    ``{in}`` is a 16-bit mono WAV at 16 kHz, ``{bits}`` what the encoder writes, ``{out}`` the WAV that the decoder
    writes, of any rate. The commands are run without a shell.

    Raises
    ------
    SottoError
        When the template is incomplete.

    Examples
    --------
    >>> parse("copy: cp {in} {bits} && cp {bits} {out}").encoder
    ('cp', '{input}', '{output}')
    """
    name, colon, commands = template.partition(": ")
    parts = commands.split("&&")
    if not (colon and name.strip() and len(parts) == 2):
        raise SottoError(f"the codec {template!r} is incomplete", EXAMPLE)
    try:
        words = [shlex.split(part) for part in parts]
    except ValueError as error:
        raise SottoError(f"the codec {template!r} can't be read ({error})", EXAMPLE) from error
    for command, places in zip(words, PLACES, strict=True):
        for place in places:
            if not any(place in word for word in command):
                raise SottoError(f"the codec {template!r} is without {place}", EXAMPLE)
    encoder, decoder = (
        tuple(_named(word, places) for word in command) for command, places in zip(words, PLACES, strict=True)
    )
    return ExternalCodec(name.strip(), encoder, decoder)


def _named(word: str, places: dict[str, str]) -> str:
    for place, name in places.items():
        word = word.replace(place, name)
    return word


class CommandPeer(Programs):
    """A codec of two command lines.

    Parameters
    ----------
    codec : ExternalCodec
        The codec.

    Raises
    ------
    MissingProgram
        When a program is not installed.
    """

    bit_rate = None

    def __init__(self, codec: ExternalCodec) -> None:
        missing = next((command[0] for command in (codec.encoder, codec.decoder) if not shutil.which(command[0])), None)
        if missing:
            raise MissingProgram(f"install {missing}, or give its path")
        super().__init__(codec.encoder, codec.decoder, "")
        self.name = self.title = codec.name
        self.family = codec.name.partition(":")[0]

    def encode(self, wave: Wave) -> bytes:
        """Return what the encoder writes."""
        return converted(self._encoder, wav_bytes(wave), "in.wav", "coded.bits")

    def decode(self, data: bytes) -> Wave:
        """Return what the decoder writes, mixed to mono and resampled."""
        return any_wav_samples(converted(self._decoder, data, "coded.bits", "out.wav"))
