"""Profiles with the toy, and those in the box with the model there."""

import json
from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec import Codec
from sottovoce.codec.errors import SottoError
from sottovoce.codec.voice.profiles import Profile, bundled_profiles, find, measure
from sottovoce.models import release

SAMPLES = Path(__file__).parents[3] / "samples"
in_the_box = pytest.mark.skipif(not release.available(), reason="no model in the box")


@pytest.fixture
def anna(codec, wav) -> Profile:
    return measure("anna", [wav("a.wav"), wav("b.wav", rate=8000, channels=2)], codec.model)


def test_a_profile_is_a_small_file(anna, codec):
    assert Profile.unpack(anna.pack()) == anna and anna.fits(codec.model) and len(anna.voice) == 10
    assert set(json.loads(anna.pack())) == {"name", "model", "voice"}


def test_a_voice_is_a_profile_a_recording_or_a_file(anna, codec, wav, in_folder):
    (in_folder / "anna.json").write_bytes(anna.pack())
    (in_folder / "unnamed").write_bytes(anna.pack())
    assert find("anna.json", codec.model) == find("unnamed", codec.model) == anna.voice
    own = measure("a", [wav("a.wav")], codec.model).voice
    assert find("a.wav", codec.model) == own
    with open("a.wav", "rb") as file:
        assert file.read(4) == b"RIFF"
    from helpers.sounds import speech

    (in_folder / "a.sotto").write_bytes(codec.encode(speech(3), 16000))
    assert find("a.sotto", codec.model) == codec.voice(speech(3), 16000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "00000000"}, "a voice for the model 00000000, not for "),
        ({"model": "0"}, "not a voice profile"),
        ({"voice": "00"}, "a voice of 1 bytes where the model has 10"),
        ({"voice": ["00"]}, "not a voice profile"),
        ({"name": None}, "not a voice profile"),
    ],
)
def test_profiles_that_are_of_no_use(anna, codec, in_folder, change, reason):
    (in_folder / "x.json").write_text(json.dumps(anna.as_dict() | change))
    with pytest.raises(SottoError, match=reason) as error:
        find("x.json", codec.model)
    assert error.value.file == "x.json"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 60000, '{"name": "x"}', "{" + " " * (1 << 17) + "}"])
def test_what_is_no_profile(text, codec, in_folder):
    (in_folder / "x.json").write_text(text)
    with pytest.raises(SottoError, match=r"x\.json: not a voice profile; make it again"):
        find("x.json", codec.model)


def test_nobody_and_nothing(codec, wav):
    with pytest.raises(SottoError, match="no voice named 'nix'; choose one of awb, kal, rms, slt"):
        find("nix", codec.model)
    for use in (find, lambda name, model: measure("x", [name], model)):
        with pytest.raises(SottoError, match=r"hush\.wav: nobody speaks in it"):
            use(wav("hush.wav", seconds=0.001), codec.model)
    Path("noise.wav").write_bytes(b"no sound")
    with pytest.raises(SottoError, match=r"noise\.wav"):
        find("noise.wav", codec.model)


def test_of_a_long_recording_the_first_minute_counts(codec, wav):
    from helpers.sounds import speech

    long = np.concatenate((speech(61), np.tile(np.float32([0.9, -0.9]), 8000 * 9)))
    import soundfile

    soundfile.write("long.wav", long, 16000, subtype="FLOAT")
    assert find("long.wav", codec.model) == codec.voice(speech(61), 16000)


@in_the_box
def test_the_box_holds_what_was_made_of_the_samples():
    model = Codec.load().model
    profiles = bundled_profiles()
    assert [profile.name for profile in profiles] == ["awb", "kal", "rms", "slt"]
    for profile in profiles:
        recordings = sorted(str(path) for path in SAMPLES.glob(f"{profile.name}-*"))
        made = measure(profile.name, recordings, model)
        assert profile.fits(model) and find(profile.name, model) == profile.voice
        # floats of another machine may round a code the other way; a voice is the mean of many
        speakers = [np.frombuffer(one.voice[:8], np.uint8) for one in (made, profile)]
        spreads = [np.frombuffer(one.voice[8:], "<i2").astype(int) for one in (made, profile)]
        assert (speakers[0] != speakers[1]).sum() <= 2
        assert np.abs(spreads[0] - spreads[1]).max() < 0.05 * np.abs(spreads[1]).max()


@in_the_box
def test_a_voice_brings_its_pitch():
    """A man's words in a woman's voice, and the other way round."""
    from sottovoce.codec.io.audio import open_sound

    codec = Codec.load()
    pitches = {}
    for name in ("rms-44k-stereo.flac", "slt-48k-stereo.flac"):
        with open_sound(str(SAMPLES / name), 16000) as sound:
            data = codec.encode(np.concatenate(list(sound))[: 3 * 16000], 16000)
        for voice in (None, "rms", "slt"):
            heard = codec.decode(data, voice=voice)
            pitches[name[:3], voice] = typical_pitch(heard)
    assert pitches["rms", "slt"] == pytest.approx(pitches["slt", None], rel=0.15)
    assert pitches["slt", "rms"] == pytest.approx(pitches["rms", None], rel=0.15)
    assert pitches["rms", None] == pytest.approx(pitches["rms", "rms"], rel=0.1)
    assert pitches["slt", None] > 1.3 * pitches["rms", None]


def typical_pitch(wave: np.ndarray) -> float:
    """Hz: the median of the autocorrelation's peaks, where they are strong, in windows of 50 ms."""
    found = []
    for start in range(0, len(wave) - 800, 400):
        piece = wave[start : start + 800] - wave[start : start + 800].mean()
        spectrum = np.fft.rfft(piece, 2048)
        correlation = np.fft.irfft(spectrum * spectrum.conj())[:800] * 800 / np.arange(800, 0, -1)
        lag = 40 + int(correlation[40:230].argmax())
        if correlation[0] > 800 * 1e-4 and correlation[lag] > 0.6 * correlation[0]:
            found.append(16000 / lag)
    return float(np.median(found))
