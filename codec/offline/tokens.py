"""Codes (tokens) of a recording together with what decoding them needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import by_id, preset_by_name
from sottovoce.codec.offline.codes import decode_code_array, validate_codes
from sottovoce.codec.offline.encode import StepEncoder
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice.level import byte_to_level, normalising_gain
from sottovoce.codec.voice.tracker import HEAD_SECONDS, voice_of
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
    """Encode a recording that comes in blocks of mono samples at the model's rate, at one level: see `Codec.codes`.

    `seconds` is its length as far as it is known, for the progress.
    """
    head, rest = _split(iter(blocks), HEAD_SECONDS * model.sample_rate)
    if not len(head):
        raise SottoError("there are no samples in it", "give a recording")
    voice = voice_of(head, model)
    gain = normalising_gain(voice.level)
    steps = StepEncoder(model, preset, dtx=False)
    codes, done = [], 0
    for block in chain([head], rest):
        codes.append(steps.push(block * gain)[0])
        done += len(block)
        tick(done / model.sample_rate, seconds)
    codes.append(steps.finish()[0])
    length = done / model.sample_rate
    level = byte_to_level(voice.level)
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
    wave = decode_code_array(validate_codes(tokens.codes, sizes), model, options, tokens.speaker_vector, tokens.level)
    return wave[: options.output_length(round(tokens.seconds * model.sample_rate))], model.sample_rate


def _split(
    blocks: Iterator[npt.NDArray[np.float32]], size: int
) -> tuple[npt.NDArray[np.float32], Iterator[npt.NDArray[np.float32]]]:
    """Return the first `size` samples in one piece, and the blocks after them."""
    read = [np.zeros(0, np.float32)]
    missing = size
    while missing > 0 and (block := next(blocks, None)) is not None:
        read.append(block)
        missing -= len(block)
    start = np.concatenate(read)
    return start[:size], chain([start[size:]], blocks)
