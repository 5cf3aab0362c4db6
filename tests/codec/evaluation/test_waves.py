from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation.waves import kept_flac, read, read_flac, rounded, write_flac


def test_what_is_kept_is_what_was_measured(in_folder):
    wave = rounded(np.random.default_rng(0).normal(0, 0.4, 5000).astype(np.float32))
    write_flac(Path("deep/a.flac"), wave)
    np.testing.assert_array_equal(read_flac(Path("deep/a.flac")), wave)
    np.testing.assert_array_equal(rounded(wave), wave)
    assert wave.dtype == np.float32
    assert wave.max() < 1


def test_any_recording_becomes_16_bits_mono(wav):
    wave = read(Path(wav(rate=44100, channels=2, seconds=1.0)))
    assert wave.shape == (16000,)
    np.testing.assert_array_equal(wave * 32768, np.round(wave * 32768))


def test_what_is_no_sound_is_named(in_folder):
    Path("a.wav").write_text("nothing")
    with pytest.raises(SottoError, match=r"^a\.wav: no sound that can be read"):
        read(Path("a.wav"))
    with pytest.raises(SottoError, match=r"^b\.flac: no such file or folder"):
        read_flac(Path("b.flac"))


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: bytes(len(data)), lambda data: data[:100]])
def test_what_is_damaged_is_not_there(in_folder, damage):
    path = Path("a.flac")
    write_flac(path, rounded(np.random.default_rng(0).normal(0, 0.4, 50000).astype(np.float32)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SottoError, match=r"^a\.flac: is damaged"):
        read_flac(path)
    assert kept_flac(path) is None
