import io
import os
import threading
import wave as wave_module

import numpy as np
import pytest
import soundfile
from helpers.sounds import speech

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import WavWriter, open_sound, wav_header
from sottovoce.models.audio.channels import mixed, mono
from sottovoce.models.audio.reader import AudioReader
from sottovoce.models.audio.resampling import Resampler, resampled_length


def read(name: str, rate: int = 16000) -> tuple[np.ndarray, AudioReader]:
    with open_sound(name, rate) as sound:
        return np.concatenate(list(sound)), sound


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channels(wav, rate, channels):
    samples, sound = read(wav(seconds=1, rate=rate, channels=channels))
    assert (sound.rate, sound.channels, sound.samples) == (rate, channels, 16000)
    assert samples.dtype == np.float32
    assert len(samples) == 16000
    assert np.abs(samples - speech(1)).max() < 2e-3


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.flac", {}),
        ("a.ogg", {}),
        ("a.ogg", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {}),
        ("a.aiff", {}),
        ("a.au", {}),
        ("a.w64", {}),
        ("a.caf", {}),
        ("a.wav", {"subtype": "PCM_U8"}),
        ("a.wav", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "DOUBLE"}),
        ("a.wav", {"subtype": "ULAW"}),
    ],
)
def test_any_format(wav, name, how):
    samples, sound = read(wav(name, seconds=2, **how))
    assert len(samples) == sound.samples
    assert len(samples) == pytest.approx(32000, abs=2500)  # MP3 pads


def test_the_contents_tell_the_format(wav, in_folder):
    (in_folder / "odd.raw").write_bytes((in_folder / wav("a.flac")).read_bytes())
    assert read("odd.raw")[1].samples == 48000


@pytest.mark.parametrize("length", [0, 0x7FFF_FF00, 0xFFFF_FFFF, 10])
def test_pipes_are_read_to_their_end(in_folder, length):
    header = bytearray(wav_header(None, 16000))
    header[40:44] = length.to_bytes(4, "little")
    body = (speech(1) * 32767).astype("<i2").tobytes()
    os.mkfifo("pipe.wav")
    writer = threading.Thread(target=(in_folder / "pipe.wav").write_bytes, args=[bytes(header) + body])
    writer.start()
    samples, sound = read("pipe.wav")
    writer.join()
    assert len(samples) == sound.samples == 16000


def test_cut_off(wav, in_folder):
    whole = (in_folder / wav("a.flac", seconds=20)).read_bytes()
    (in_folder / "cut.flac").write_bytes(whole[: len(whole) // 2])
    try:
        samples, sound = read("cut.flac")
    except SottoError:
        return  # a decoder may refuse it, in one line
    assert len(samples) == sound.samples < 320000


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("samples", [1, 2, 63, 64, 65, 1000, 12345])
def test_resampled_length_is_exact_in_any_chunks(rate, samples):
    given = speech(samples / rate, rate)
    whole = Resampler(rate, 16000)
    at_once = np.concatenate((whole.push(given), whole.finish()))
    pieces = Resampler(rate, 16000)
    cut = np.concatenate([*map(pieces.push, np.array_split(given, 7)), pieces.finish()])
    assert len(at_once) == len(cut) == resampled_length(samples, rate, 16000) >= 1
    assert np.array_equal(at_once, cut)


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 2**31])
def test_odd_rates_are_refused(rate):
    with pytest.raises(SottoError, match="sample rate"):
        Resampler(rate, 16000)


def test_mono():
    assert np.array_equal(mono([[0.5, -0.5], [1, 0]]), np.float32([0, 0.5]))
    assert np.array_equal(mono(np.int16([-32768, 16384])), np.float32([-1, 0.5]))
    assert np.array_equal(mono([1.5, -3.0]), np.float32([1, -1]))  # a block of a stream is clipped, as by a player
    assert np.array_equal(mixed([1.5, -3.0], 16000), np.float32([0.5, -1]))  # a whole recording is scaled


@pytest.mark.parametrize(
    "samples",
    [
        [np.nan],
        [0, np.inf],
        [-np.inf],
        [32768.0],
        ["a"],
        [True],
        [1j],
        np.zeros((2, 2, 2)),
        np.float32(1),
        np.uint16([1]),
        np.int64([12000]),  # which may be of 16 bits or of 32
    ],
)
def test_bad_samples(samples):
    with pytest.raises(SottoError):
        mono(samples)


@pytest.mark.parametrize("contents", [b"", b"R", b"RIFF", b"Dear diary,\n" * 100, bytes(5000)])
def test_no_sound(in_folder, contents):
    (in_folder / "a.wav").write_bytes(contents)
    with pytest.raises(SottoError, match=r"^a\.wav: .*; "):
        read("a.wav")


def test_no_samples(in_folder):
    soundfile.write("a.wav", np.zeros(0), 16000)
    with pytest.raises(SottoError, match="no samples"):
        read("a.wav")


def test_not_numbers_are_found_before_anything_is_encoded(in_folder):
    samples = np.zeros(1_000_000, np.float32)
    samples[-1] = np.nan
    soundfile.write("a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(SottoError, match=r"^a\.wav: some samples"), open_sound("a.wav", 16000):
        pytest.fail("opened")


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("promised", [None, 3, 5])
def test_writer_sets_the_length_right(promised):
    file = io.BytesIO()
    writer = WavWriter(file, 16000, promised)
    writer.write(np.int16([1, -2]))
    writer.write(np.int16([3]))
    writer.close()
    file.seek(0)
    with wave_module.open(file) as found:
        assert found.getparams()[:4] == (1, 2, 16000, 3)
        assert found.readframes(9) == np.array([1, -2, 3], "<i2").tobytes()


def test_writer_to_a_pipe_promises_what_it_knows():
    pipe = Pipe()
    writer = WavWriter(pipe, 16000, 3)
    writer.close()
    assert pipe.getvalue() == wav_header(3, 16000)
    assert wav_header(None, 16000)[40:] == b"\xff" * 4 == wav_header(2**40, 16000)[40:]
