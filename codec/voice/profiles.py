"""Voice profiles: voices to speak in, as small files, some of them in the box."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import BinaryIO

import numpy as np

from sottovoce.codec.bits import Reader
from sottovoce.codec.bits.header import MAGIC
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import open_file
from sottovoce.codec.io.files import reading, seekable
from sottovoce.codec.models import blocks_of, preset_by_index
from sottovoce.codec.voice.conversion import concatenate_codes, first, measure_profile
from sottovoce.codec.voice.tracker import HEAD_SECONDS
from sottovoce.models.release import Release

_LIMIT = 1 << 16  # bytes that a profile may have
_BROKEN = "make it again with `sotto voice make`"


@dataclass(frozen=True)
class Profile:
    """A voice.

    Parameters
    ----------
    name : str
        What its owner calls it.
    model : bytes
        Id of the model that measured it, and of all whose files it can be lent to.
    voice : bytes
        As `Codec.speaker` tells it.
    """

    name: str
    model: bytes
    voice: bytes

    def as_dict(self) -> dict[str, str]:
        """Return it as plain values, bytes as hexadecimal figures."""
        return {"name": self.name, "model": self.model.hex(), "voice": self.voice.hex()}

    def pack(self) -> bytes:
        """Return the contents of its file."""
        return (json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def unpack(cls, data: bytes) -> "Profile":
        """Return what such a file holds; raise SottoError where it is none."""
        try:
            plain = json.loads(data)
            name, model, voice = plain["name"], bytes.fromhex(plain["model"]), bytes.fromhex(plain["voice"])
            if not isinstance(name, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SottoError("not a voice profile", _BROKEN) from None
        return cls(name, model, voice)

    def fits(self, model: Release) -> bool:
        """Return whether it is of a model."""
        return self.model in (model.id, *model.previous_ids)


def bundled_profiles() -> list[Profile]:
    """Return the profiles in the box, by name."""
    folder = resources.files("sottovoce.codec.voice") / "bundled"
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    return [Profile.unpack((folder / name).read_bytes()) for name in files]


def measure(name: str, recordings: Sequence[str], model: Release) -> Profile:
    """Take the voice of recordings of one person, the first minute of each.

    Raises
    ------
    SottoError
        When one can't be read, or nobody speaks.
    """
    waves = []
    for recording in recordings:
        with reading(recording) as file:
            waves.append(_head(file, model))
    return Profile(name, model.id, _spoken(measure_profile(waves, model), model, recordings[0]))


def voice_in(file: BinaryIO, model: Release) -> bytes:
    """Return the voice in a recording or a .sotto file, at its start and seekable, measured in its first minute."""
    return _coded(file, model) if is_coded(file) else measure_profile([_head(file, model)], model)


def is_coded(file: BinaryIO) -> bool:
    """Return whether a file, at its start and seekable, is a .sotto file."""
    start = file.read(len(MAGIC))
    file.seek(0)
    return start == MAGIC


def find(name: str, model: Release) -> bytes:
    """Return the voice that a name means, for files of `model`.

    Parameters
    ----------
    name : str
        A profile in the box, or the path of one, of a recording or of a .sotto file, whose voice is then measured.
    model : Release

    Raises
    ------
    SottoError
        When it is nothing of these, or of another model.
    """
    for profile in bundled_profiles():
        if profile.name == name:
            return _checked(profile, model)
    if not os.path.exists(name):
        names = ", ".join(profile.name for profile in bundled_profiles())
        raise SottoError(f"no voice named {name!r}", f"choose one of {names}, or give a profile or a recording")
    with reading(name) as opened, seekable(opened) as file:
        start = file.read(_LIMIT)
        if name.endswith(".json") or start.lstrip()[:1] == b"{":
            return _checked(Profile.unpack(start), model)
        file.seek(0)
        return _spoken(voice_in(file, model), model, name)


def _checked(profile: Profile, model: Release) -> bytes:
    if not profile.fits(model):
        raise SottoError(f"a voice for the model {profile.model.hex()}, not for {model.id.hex()}", _BROKEN)
    try:
        model.voice_conversion(profile.voice, np.zeros((0, 1), np.int16), model.neutral_speaker)
    except ValueError as error:
        raise SottoError(str(error), _BROKEN) from error
    return profile.voice


def _spoken(voice: bytes, model: Release, recording: str) -> bytes:
    if len(voice) == len(model.neutral_speaker):
        raise SottoError("nobody speaks in it", "give a recording of a voice", recording)
    return voice


def _head(file: BinaryIO, model: Release) -> np.ndarray:
    """Return the first minute of a recording."""
    size = HEAD_SECONDS * model.sample_rate
    head = np.zeros(0, np.float32)
    with open_file(file, model.sample_rate) as sound:
        for block in sound:
            head = np.concatenate((head, block))[:size]
            if len(head) == size:
                break
    return head


def _coded(file: BinaryIO, model: Release) -> bytes:
    reader = Reader(file)
    if reader.header.model not in (model.id, *model.previous_ids):
        raise SottoError(f"of the model {reader.header.model.hex()}, not of {model.id.hex()}", "give a recording")
    if len(reader.header.speaker) != len(model.neutral_speaker):
        raise SottoError(
            f"{len(reader.header.speaker)} bytes of a voice, not {len(model.neutral_speaker)}", "give another file"
        )
    blocks = blocks_of(reader, model, preset_by_index(model, reader.header.preset))
    head = first(blocks, HEAD_SECONDS * model.sample_rate // model.step)
    return model.voice_profile(concatenate_codes(head), reader.header.speaker)
