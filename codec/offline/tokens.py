"""Codes (tokens) of a recording together with what decoding them needs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sottovoce.codec.models import by_id, preset_by_name
from sottovoce.codec.offline.codes import checked_codes, speak_codes
from sottovoce.codec.offline.encode import StepEncoder, at_model_level
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice.level import level_of_byte
from sottovoce.models.release import Preset, Release


@dataclass(frozen=True)
class Tokens:
    """The codes of a recording.

    Attributes
    ----------
    codes : ndarray of int16 [shape=(steps, books)]
    speaker_vector : bytes
        Quantised speaker vector.
    level : float [dBov]
        Active speech level.
    seconds : float
        Length of the recording.
    model, preset : str
        Id of the model in hexadecimal digits, and name of its preset.
    """

    codes: npt.NDArray[np.int16]
    speaker_vector: bytes
    level: float
    seconds: float
    model: str
    preset: str


def encode_tokens(
    blocks: Iterable[npt.NDArray[np.float32]],
    model: Release,
    preset: Preset,
    *,
    seconds: float | None = None,
    tick: Tick = no_tick,
) -> Tokens:
    """Encode a recording that comes in blocks of mono samples at the model's rate: see `encode_stream`.

    `seconds` is its length as far as it is known, for the progress.
    """
    voice, blocks = at_model_level(blocks, model)
    steps = StepEncoder(model, preset, dtx=False)
    codes, done = [], 0
    for block in blocks:
        codes.append(steps.push(block)[0])
        done += len(block)
        tick(done / model.sample_rate, seconds)
    codes.append(steps.finish()[0])
    length = done / model.sample_rate
    level = level_of_byte(voice.level)
    return Tokens(np.concatenate(codes), voice.speaker, level, length, model.id.hex(), preset.name)


def decode_tokens(
    tokens: Tokens, options: DecodeOptions, known: Release | None = None
) -> tuple[npt.NDArray[np.float32], int]:
    """Decode tokens to speech of full scale 1 [shape=(n,)], and return its sample rate in Hz, too.

    Parameters
    ----------
    tokens : Tokens
    options : DecodeOptions
        Its `span` is not used.
    known : Release, optional
        A model in addition to the bundled ones.

    Raises
    ------
    SottoError
        When the model or the preset is not available, or the codes are not valid.
    """
    model = by_id(bytes.fromhex(tokens.model), known)
    sizes = [1 << bits for bits in preset_by_name(model, tokens.preset).bits]
    wave = speak_codes(checked_codes(tokens.codes, sizes), model, options, tokens.speaker_vector, tokens.level)
    return wave[: options.output_length(round(tokens.seconds * model.sample_rate))], model.sample_rate
