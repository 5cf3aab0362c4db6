"""A file spoken in another's voice: its own must be known first."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import CodeBlock
from sottovoce.codec.errors import SottoError
from sottovoce.codec.voice.level import measure_level_byte, normalising_gain
from sottovoce.models.release import Decoder, Release


def convert_voice(
    voice: bytes, decoder: Decoder, model: Release, speaker: bytes, blocks: Iterator[CodeBlock], *, seconds: int
) -> Iterator[CodeBlock]:
    """Let a decoder speak in a voice, and return the blocks of the file for it.

    Parameters
    ----------
    voice : bytes
        As `Release.likeness` measures it. Of speaker bytes alone little is heard.
    decoder, model : Decoder, Release
        At the start of the file, and its model.
    speaker : bytes
        Of the file.
    blocks : iterator of CodeBlock
        Of the file, the first one first.
    seconds : int
        So much of them is read at once, to learn how the two voices differ.

    Raises
    ------
    SottoError
        When `voice` is none of this model.
    """
    head = first(blocks, seconds * model.sample_rate // model.step)
    try:
        decoder.convert_voice(model.voice_conversion(voice, concatenate_codes(head), speaker))
    except ValueError as error:
        raise SottoError(str(error), "choose another voice") from error
    return chain(head, blocks)


def first(blocks: Iterator[CodeBlock], steps: int) -> list[CodeBlock]:
    """Split blocks after a number of steps; also return the rest of the last block taken."""
    head: list[CodeBlock] = []
    while steps > 0 and (block := next(blocks, None)) is not None:
        head.append(block)
        steps -= block.steps
    return head


def concatenate_codes(blocks: Iterable[CodeBlock]) -> npt.NDArray[np.int16]:
    """Return the codes (steps, books) of blocks, without those that are lost."""
    known = [block.codes for block in blocks if block.codes is not None]
    return np.concatenate(known) if known else np.zeros((0, 1), np.int16)


def measure_profile(waves: Iterable[npt.NDArray[np.float32]], model: Release) -> bytes:
    """Take the voice to lend to others from recordings (n,) of one person at the model's rate, full scale 1, n >= 1."""
    wave = np.concatenate([wave * normalising_gain(measure_level_byte(wave)) for wave in waves])
    encoder = model.encoder()
    return model.voice_profile(np.concatenate((encoder.push(wave), encoder.finish())), model.speaker(wave))
