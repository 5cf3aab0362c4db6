"""What a command converts to what, and the messages for files that are on the wrong side of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.sound_writer import WRITTEN_SUFFIXES
from sottovoce.models.audio.reader import AUDIO_SUFFIXES

CODED = frozenset([".sotto"])
_MAGIC = b"\x89STO"


@dataclass(frozen=True)
class Conversion:
    """A direction of conversion.

    Parameters
    ----------
    command : str
        The command that does it.
    wanted : frozenset of str
        Suffixes of the files to take from folders.
    suffix : str
        Suffix of outputs that have no name of their own.
    """

    command: str
    wanted: frozenset[str]
    suffix: str

    @property
    def encodes(self) -> bool:
        """Whether the outputs are .sotto files."""
        return self.suffix in CODED

    def check_output(self, output: str) -> None:
        """Raise SottoError when the suffix of an output file promises a format that is not written."""
        suffix = _suffix(output)
        if self.encodes and suffix in AUDIO_SUFFIXES:
            raise SottoError("is the name of a recording", "name a .sotto file with -o", output)
        writable = (self.suffix,) if self.command == "roundtrip" else WRITTEN_SUFFIXES
        if not self.encodes and suffix and suffix not in writable:
            raise SottoError(f"{suffix} files are not written", f"choose one of {' '.join(writable)}", output)

    def is_file_name(self, output: str) -> bool:
        """Return whether an output that does not exist looks like a file by its suffix."""
        return _suffix(output) in AUDIO_SUFFIXES | CODED

    def check_inputs(self, inputs: Sequence[str]) -> None:
        """Raise SottoError when the second of two inputs looks like the name of the output."""
        if len(inputs) != 2 or self._is_output(inputs[0]) or not self._is_output(inputs[1]):
            return
        source, output = inputs
        what = "exists already" if os.path.exists(output) else "no such file"
        raise SottoError(what, f"to name the output: sotto {self.command} {source} -o {output}", output)

    def check_input(self, name: str) -> None:
        """Raise SottoError when an input is of the kind that the command writes."""
        if not self._is_output(name):
            return
        if _suffix(name) in CODED:
            raise SottoError("is a .sotto file already", f"to decode it: sotto decode {name}", name)
        if os.path.exists(name):
            raise SottoError("is a recording, not a .sotto file", f"to encode it: sotto encode {name}", name)

    def _is_output(self, name: str) -> bool:
        if os.path.isdir(name):
            return False
        if self.command == "decode":
            return _suffix(name) in AUDIO_SUFFIXES and not _is_coded(name)
        return _suffix(name) in CODED


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _is_coded(name: str) -> bool:
    """Return whether a file begins as .sotto files do, whatever its name is."""
    try:
        if not os.path.isfile(name):
            return False  # from a pipe, what is read here would be gone
        with open(name, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


ENCODE = Conversion("encode", AUDIO_SUFFIXES, ".sotto")
DECODE = Conversion("decode", CODED, ".wav")
ROUNDTRIP = Conversion("roundtrip", AUDIO_SUFFIXES, ".wav")
TOKENS = Conversion("tokens", AUDIO_SUFFIXES, ".npz")
