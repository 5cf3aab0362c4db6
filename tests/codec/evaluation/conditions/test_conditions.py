"""Noise, rooms, bands and lost packets do what their names say."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation.conditions import Band, Noise, Reverberation, conditions
from sottovoce.codec.evaluation.conditions.noise import pink
from sottovoce.codec.evaluation.loudness import power
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.models.level import active_level

RATE = 16000
SPEECH = ReferenceRecording("0003", "a.wav", Path("a.wav"), speaker="a")


def decibels(ratio: float) -> float:
    return 10 * float(np.log10(ratio))


def test_noise_has_the_ratio_that_was_asked_for(talk):
    for ratio in (0.0, 10.0):
        noise = Noise("pink", ratio)(talk, SPEECH, []) - talk
        assert active_level(talk) - decibels(power(noise)) == pytest.approx(ratio, abs=0.01)
    assert not Noise("pink", 5)(np.zeros(800, np.float32), SPEECH, []).any()


def test_noise_is_the_same_for_every_codec_and_another_for_every_recording(talk):
    other = ReferenceRecording("0004", "b.wav", Path("b.wav"))
    one = Noise("pink", 5)(talk, SPEECH, [])
    np.testing.assert_array_equal(one, Noise("pink", 5)(talk, SPEECH, []))
    assert not np.array_equal(one, Noise("pink", 5)(talk, other, []))


def test_pink_noise_has_equal_power_in_octaves():
    spectrum = np.abs(np.fft.rfft(pink(20 * RATE, np.random.default_rng(0)))) ** 2
    octaves = [spectrum[20 * low : 40 * low].sum() for low in (100, 400, 1600, 3200)]
    assert max(octaves) / min(octaves) < 1.15


def test_babble_is_of_other_speakers(in_folder, talk):
    recordings = []
    for number, (speaker, hertz) in enumerate([("a", 100), ("a", 150), ("b", 1000), ("c", 2000)]):
        wave = 0.1 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
        soundfile.write(f"{number}.wav", wave, RATE)
        recordings.append(ReferenceRecording(f"{number:04d}", f"{number}.wav", Path(f"{number}.wav"), speaker=speaker))
    babble = Noise("babble", 0)(talk, recordings[0], recordings) - talk
    spectrum = np.abs(np.fft.rfft(babble[:RATE])) ** 2
    share = [spectrum[hertz - 30 : hertz + 30].sum() / spectrum.sum() for hertz in (1000, 2000)]
    assert share == pytest.approx([0.5, 0.5], abs=0.02)
    with pytest.raises(SottoError, match="babble needs recordings of other speakers"):
        Noise("babble", 0)(talk, recordings[0], recordings[:2])


def test_noise_from_a_folder(in_folder, talk):
    Path("street").mkdir()
    soundfile.write("street/car.wav", np.full(RATE // 4, 0.25), RATE)
    noise = Noise.of("street", 5)
    assert (noise.condition().key, noise.condition().title) == ("noise-street-5", "noise from street, 5 dB")
    added = noise(talk, SPEECH, []) - talk
    assert np.ptp(added) == pytest.approx(0, abs=1e-6)  # repeated, as it is shorter
    before = noise.identity([])
    soundfile.write("street/car.wav", np.full(RATE // 2, 0.25), RATE)
    assert noise.identity([]) != before


def test_a_room_decays_by_60_dB():
    response = Reverberation(0.4).response()
    tail = response[1:]
    assert response[0] == 1
    assert float(np.sum(tail**2)) == pytest.approx(1, abs=1e-3)  # as strong as the direct sound
    early, late = tail[: RATE // 50], tail[RATE // 5 : RATE // 5 + RATE // 50]
    assert decibels(power(early) / power(late)) == pytest.approx(30, abs=3)  # 0.2 s of 0.4 s


def test_a_room_keeps_power_and_length(talk):
    wet = Reverberation(0.5)(talk, SPEECH, [])
    assert len(wet) == len(talk)
    assert power(wet) == pytest.approx(power(talk), rel=1e-3)


def test_the_band_of_a_telephone():
    time = np.arange(RATE) / RATE
    for hertz, gain in ((100, -30), (1000, 0), (3000, 0), (4500, -50)):
        tone = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        through = Band("telephone")(tone, SPEECH, [])
        assert len(through) == len(tone)
        middle = slice(RATE // 4, 3 * RATE // 4)
        level = decibels(power(through[middle]) / power(tone[middle]))
        if gain:
            assert level < gain
        else:
            assert level == pytest.approx(0, abs=0.1)
            np.testing.assert_allclose(through[middle], tone[middle], atol=0.02)  # no delay


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"noise": ["brown"], "snr": [5]}, "no noise of that name; give pink, babble or a folder"),
        ({"band": ["am"]}, "no band named 'am'; choose one of telephone"),
        ({"loss": [100]}, "a loss of 100 % can't be measured"),
        ({"tandem": [1]}, "1 generations are no condition; give 2 or more"),
        ({"reverb": [0]}, "no reverberation of 0 s; give times above 0"),
    ],
)
def test_bad_settings_are_one_line(in_folder, settings, says):
    with pytest.raises(SottoError, match=says):
        conditions(**settings)
