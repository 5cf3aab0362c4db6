"""Changes of the voice within an entropy coded block: level and, where it changes too, the speaker."""

from collections.abc import Sequence
from typing import NamedTuple

from sottovoce.codec.bits.packets import Voice

_STEP = 0x3F
_SPEAKER, _MORE = 1 << 6, 1 << 7


class VoiceChange(NamedTuple):
    """Another level or speaker from a step on.

    Parameters
    ----------
    step : int
        Counted from the start of the block.
    voice : Voice
        Level and speaker from there on.
    """

    step: int
    voice: Voice


def most_bytes_of_changes(steps: int, speaker: int) -> int:
    """Return the maximum size in bytes of the changes in a block of `steps` steps."""
    return steps * (2 + speaker)


def pack_changes(changes: Sequence[VoiceChange], speaker: bytes, *, again: bool = False) -> bytes:
    """Return the bytes of one or more changes.

    Parameters
    ----------
    changes : sequence of VoiceChange
    speaker : bytes
        Speaker vector before them.
    again : bool
        Whether that of the first change is stored even if it is the same.
    """
    packed = bytearray()
    for number, (step, voice) in enumerate(changes, 1):
        other = voice.speaker != speaker or (again and number == 1)
        packed += bytes((step | other * _SPEAKER | (number < len(changes)) * _MORE, voice.level))
        packed += voice.speaker if other else b""
        speaker = voice.speaker
    return bytes(packed)


def unpack_changes(data: bytes, steps: int, speaker: bytes) -> tuple[tuple[VoiceChange, ...], bytes] | None:
    """Read changes at the start of a block's data.

    Parameters
    ----------
    data : bytes
        Changes, and the codes after them.
    steps : int
        Number of steps in the block.
    speaker : bytes
        Speaker vector before the block.

    Returns
    -------
    (tuple of VoiceChange, bytes) or None
        The changes, and the codes; None where they are not valid.
    """
    changes: list[VoiceChange] = []
    at, more = 0, True
    while more:
        if len(data) < at + 2:
            return None
        first, level = data[at : at + 2]
        step, more = first & _STEP, bool(first & _MORE)
        at += 2
        if first & _SPEAKER:
            size = len(speaker)
            speaker, at = data[at : at + size], at + size
        if at > len(data) or step >= steps or (changes and step <= changes[-1].step):
            return None
        changes.append(VoiceChange(step, Voice(level, speaker)))
    return tuple(changes), data[at:]
