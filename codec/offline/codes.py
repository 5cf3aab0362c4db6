"""Decode codes that come in an array, without a file around them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import CodeBlock
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.voice.conversion import convert_voice
from sottovoce.codec.voice.level import LevelRestorer, level_to_byte
from sottovoce.codec.voice.tracker import HEAD_SECONDS
from sottovoce.models.level import TARGET_DB
from sottovoce.models.release import Release
from sottovoce.models.runtime.concealment import LOST

PIECE_STEPS = 50
"""Steps that are decoded at a time."""


def validate_codes(codes: npt.ArrayLike, sizes: Sequence[int]) -> npt.NDArray[np.int16]:
    """Return codes [shape=(steps, books)] as an array, if they are entries of codebooks of these sizes.

    Raises
    ------
    SottoError
        When they have another shape or type, are out of range, or only a part of a step is lost.
    """
    array = np.asarray(codes)
    if array.ndim != 2 or array.shape[1] != len(sizes):
        raise SottoError(f"codes of the shape {array.shape}", f"give [steps, {len(sizes)}], or load another preset")
    if not np.issubdtype(array.dtype, np.integer):
        raise SottoError(f"codes of the type {array.dtype}", "give integers")
    lost = (array == LOST).all(1)
    if not (lost[:, None] | ((array >= 0) & (array < np.asarray(sizes)))).all():
        raise SottoError("codes out of range", "give entries from 0 to below `codebook_sizes`, or steps of -1 only")
    return array.astype(np.int16)


def decode_code_array(
    codes: npt.NDArray[np.int16], model: Release, options: DecodeOptions, speaker: bytes | None, level: float | None
) -> npt.NDArray[np.float32]:
    """Decode checked codes [shape=(steps, books)]: see `Codec.decode_codes`. The `span` of the options is not used."""
    if speaker is None:
        speaker = model.neutral_speaker
    if level is None:
        level = TARGET_DB
    try:
        decoder = model.decoder(speaker, options.seed, speed=options.speed)
    except ValueError as error:
        raise SottoError(str(error), "give a speaker vector that `Codec.speaker` returned") from error
    if options.voice is not None:
        known = codes[codes[:, 0] != LOST]
        convert_voice(
            options.voice, decoder, model, speaker, iter([CodeBlock(len(known), known)]), seconds=HEAD_SECONDS
        )
    restore_level = LevelRestorer(level_to_byte(level))
    pieces = [decoder.push(codes[at : at + PIECE_STEPS]) for at in range(0, len(codes), PIECE_STEPS)]
    wave = restore_level(np.concatenate([*pieces, decoder.finish()]))
    return wave[: options.output_length(len(codes) * model.step)].astype(np.float32) / np.float32(32768)
