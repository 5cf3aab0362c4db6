import numpy as np
import pytest

from sottovoce.codec.bits import CodeBlock
from sottovoce.codec.errors import SottoError
from sottovoce.codec.voice.conversion import concatenate_codes, convert_voice, first


def block(steps: int, codes: int | None = 0) -> CodeBlock:
    return CodeBlock(steps, None if codes is None else np.full((steps, 2), codes, np.int16))


class Model:
    sample_rate, step = 16000, 640

    def voice_conversion(self, voice, codes, speaker):
        if voice != b"anna":
            raise ValueError("a voice of nobody")
        return voice, codes, speaker


class Decoder:
    def convert_voice(self, voice_conversion):
        self.voice_conversion = voice_conversion


def test_the_first_seconds_tell_the_voice_and_are_still_spoken():
    decoder, blocks = Decoder(), [block(50, 1), block(50, None), block(50, 3), block(7, 4)]
    read = iter(blocks)
    lent = convert_voice(b"anna", decoder, Model(), b"own", read, seconds=5)
    voice, codes, speaker = decoder.voice_conversion
    assert (voice, speaker) == (b"anna", b"own")
    assert codes[:, 0].tolist() == [1] * 50 + [3] * 50
    assert next(read) is blocks[3]
    assert list(lent) == blocks[:3]


def test_wrong_voices():
    with pytest.raises(SottoError, match="a voice of nobody; choose another voice"):
        convert_voice(b"otto", Decoder(), Model(), b"own", iter([block(1)]), seconds=5)


def test_blocks_without_codes():
    assert concatenate_codes([block(3, None)]).shape == concatenate_codes([]).shape == (0, 1)
    assert first(iter([]), 3) == []
    assert len(first(iter([block(2)] * 5), 3)) == 2
