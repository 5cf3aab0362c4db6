"""Encode short recordings to messages: few bytes, whole or in packets of a size that a link carries."""

import secrets
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.message import (
    MOST_SPEAKER_CODES,
    MOST_STEPS,
    NUMBERED_MODES,
    OTHER,
    Message,
    Part,
    sealed,
)
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.arrays import integer
from sottovoce.codec.models import by_name, context_coder, context_network
from sottovoce.codec.offline.dtx import PauseDetector
from sottovoce.codec.offline.rate_search import cheaper_codes
from sottovoce.codec.voice.level import normalising_gain
from sottovoce.codec.voice.tracker import voice_of
from sottovoce.models.release import Preset, Release
from sottovoce.models.runtime.encoder import latents_of

LEAST_MTU = 16
MOST_MTU = 1 << 16
_LOUDEST, _LEVEL_STEP = 251, 4  # level byte of level 0 of a message, and how much each further one is below it

Seal = Callable[[bytes, bytes], bytes]
"""Closes a message without its checksum, for a model's id: `sealed`, or the method of a cipher."""


@dataclass(frozen=True)
class MessageOptions:
    """How a message is made.

    Parameters
    ----------
    mtu : int or None
        Most bytes of a packet; None for one message, however long it is.
    speaker_codes : int
        Number of codes of the speaker vector, 0 to 3, a byte each.
    dtx : bool
        Whether pauses are coded by repeating one step for up to a second (discontinuous transmission).
    seal : callable
        Closes each packet, with a checksum or by encrypting it.

    Raises
    ------
    SottoError
        When a number is out of range.
    """

    mtu: int | None = None
    speaker_codes: int = 2
    dtx: bool = False
    seal: Seal = sealed

    def __post_init__(self) -> None:
        if self.mtu is not None:
            integer(self.mtu, "size of a packet", LEAST_MTU, MOST_MTU)
        integer(self.speaker_codes, "number of speaker codes", 0, MOST_SPEAKER_CODES)


MESSAGE_DEFAULTS = MessageOptions()


def encode_message(
    wave: npt.NDArray[np.float32], model: Release, preset: Preset, options: MessageOptions = MESSAGE_DEFAULTS
) -> list[bytes]:
    """Encode a short recording.

    Parameters
    ----------
    wave : ndarray of float32 [shape=(n,)]
        Mono samples at the model's rate, full scale 1.
    model, preset : Release, Preset
        The model that encodes, and its rate.
    options : MessageOptions

    Returns
    -------
    list of bytes
        The message, or its packets if it has more than `mtu` bytes.

    Raises
    ------
    SottoError
        When there are no samples, too many of them, or a packet is too small for a step.
    """
    _check_length(wave, model)
    coder = context_coder(model, preset)
    if coder is None:
        raise SottoError(f"the model {model.name!r} has no context model, which messages need", "encode a file")
    level, speaker = voice_of(wave, model, max(options.speaker_codes, 1))
    wave = wave * normalising_gain(level)
    codes = cheap_codes(wave, model, preset)
    held = _held(wave, model, len(codes)) if options.dtx else None
    fields = _mode(model, preset) | {
        "level": min(max(round((_LOUDEST - level) / _LEVEL_STEP), 0), 31),
        "speaker": speaker[: options.speaker_codes],
        "dtx": options.dtx,
    }
    packed = partial(_packed, codes, held, coder, fields, lambda body: options.seal(body, model.id))
    return _packets(packed, len(codes), options.mtu)


def cheap_codes(wave: npt.NDArray[np.float32], model: Release, preset: Preset) -> npt.NDArray[np.int16]:
    """Return codes [shape=(steps, books)] of a recording at the models' level that take few bits."""
    network = context_network(model, preset)
    assert network is not None
    latents = latents_of(wave, model.config, model.analysis, preset.index)
    return cheaper_codes(latents, model.latent_quantizer.first(preset.books), network)


def _held(wave: npt.NDArray[np.float32], model: Release, steps: int) -> npt.NDArray[np.uint8]:
    """Return the flags of the steps that repeat the one before."""
    pauses = PauseDetector(model.step)
    pauses.push(wave)
    pauses.finish()
    return pauses.take(steps)


def level_of_message(level: int) -> int:
    """Return the level byte of a file for the level of a message."""
    return _LOUDEST - _LEVEL_STEP * level


def _check_length(wave: npt.NDArray[np.float32], model: Release) -> None:
    if not len(wave):
        raise SottoError("there are no samples in it", "give a recording")
    longest = MOST_STEPS * model.step
    if len(wave) > longest:
        seconds, most = len(wave) / model.sample_rate, longest / model.sample_rate
        raise SottoError(f"{seconds:.1f} s are too long for a message of {most:.0f} s", "encode it as a file")


def _mode(model: Release, preset: Preset) -> dict[str, Any]:
    """Return the fields that say which model and preset a message is of."""
    if preset.index < NUMBERED_MODES and model.id == by_name("default").id:
        return {"mode": preset.index}
    return {"mode": OTHER, "model": model.id, "preset": preset.index}


def _packed(
    codes: npt.NDArray[np.int16],
    held: npt.NDArray[np.uint8] | None,
    coder: ContextCoder,
    fields: dict[str, Any],
    seal: Callable[[bytes], bytes],
    part: Part | None,
    steps: int,
) -> bytes:
    """Return a message, or a packet with a part of it."""
    first = part.first if part else 0
    flags = None
    if held is not None:
        flags = held[first : first + steps].copy()
        flags[:1] = 0  # each packet can be decoded alone
    coder.reset()
    payload = coder.encode(codes[first : first + steps], flags)
    return seal(Message(steps=steps, payload=payload, part=part, **fields).body())


def _packets(packed: Callable[[Part | None, int], bytes], total: int, mtu: int | None) -> list[bytes]:
    """Return the whole message if it fits, or packets that hold as many steps as fit."""
    whole = packed(None, total)
    if mtu is None or len(whole) <= mtu:
        return [whole]
    packets: list[bytes] = []
    number, first = secrets.randbelow(256), 0
    while first < total:
        part = Part(number, total, first)
        steps = bisect_right(range(1, total - first + 1), mtu, key=lambda count: len(packed(part, count)))
        if not steps:
            raise SottoError(f"packets of {mtu} bytes are too small for a step at this preset", "choose larger ones")
        packets.append(packed(part, steps))
        first += steps
    return packets
