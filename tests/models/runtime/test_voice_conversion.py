"""A voice lent: exact, bounded, and nothing else than what the two voices say."""

import numpy as np
import pytest

from sottovoce.models.runtime.layers import ACTIVATION_LIMIT
from sottovoce.models.runtime.voice_conversion import GAINS, UNIT, VoiceProfile, conversion_between, latent_statistics

RANDOM = np.random.default_rng(5)
CODES = RANDOM.integers(0, (32, 16, 16), (40, 3)).astype(np.int16)
OWN, OTHER = bytes((2, 9)), bytes((7, 1))


@pytest.fixture
def network(exported, monkeypatch):
    """A tiny network whose every frame is voiced, as a random one may never be."""
    network = exported.release.network
    features = network.features

    def voiced(c):
        mel, pitch, voicing = features(c)
        return mel, pitch, np.ones_like(voicing)

    monkeypatch.setattr(network, "features", voiced)
    return network


def latents(network, codes) -> np.ndarray:
    return sum(book[column] for book, column in zip(network.books, codes.T, strict=True))


def test_packed_and_unpacked(network):
    spread = latent_statistics(network, CODES, OWN)
    again = VoiceProfile.unpack(VoiceProfile(OWN, spread).pack(), network)
    assert again.speaker == OWN and (again.spread == spread).all()
    assert VoiceProfile.unpack(OWN, network).spread is None
    for size in (0, 1, 3, 35):
        with pytest.raises(ValueError, match=f"a voice of {size} bytes, not of the 34 of this model"):
            VoiceProfile.unpack(bytes(size), network)


def test_the_spread_is_mean_and_deviation_of_what_is_voiced_and_known(network):
    lost = np.insert(CODES, [3, 20], -1, axis=0)
    middle, deviation = latent_statistics(network, lost, OWN)
    found = latents(network, CODES) / UNIT
    np.testing.assert_allclose(middle, found.mean(0), atol=0.51)
    np.testing.assert_allclose(deviation, found.std(0), atol=1)
    assert latent_statistics(network, lost[3:4], OWN) is None and latent_statistics(network, CODES[:0, :1], OWN) is None


def test_nothing_voiced_has_no_spread(network, monkeypatch):
    monkeypatch.setattr(network, "features", lambda c: (c, c[:, 0], np.full(len(c), -1.0)))
    assert latent_statistics(network, CODES, OWN) is None


def test_what_is_borrowed_lies_a_little_beyond_the_lender(network):
    other = RANDOM.integers(0, (32, 16, 16), (40, 3)).astype(np.int16)[:30] // 2
    lender = VoiceProfile(OTHER, latent_statistics(network, other, OTHER))
    voice_conversion = conversion_between(network, lender.pack(), CODES, OWN)
    moved = np.floor(latents(network, CODES) * voice_conversion.gain + voice_conversion.shift + 0.5) / UNIT
    way = lender.spread[0] - latents(network, CODES).mean(0) / UNIT
    np.testing.assert_allclose(moved.mean(0), lender.spread[0] + way / 4, atol=1.5)
    assert (voice_conversion.gain >= GAINS[0] - 1 / 256).all() and (voice_conversion.gain <= GAINS[1] + 1 / 256).all()
    source, target = network.speaker(OWN), network.speaker(OTHER)
    np.testing.assert_allclose(voice_conversion.voice - target, (target - source) / 2, atol=0.5)
    np.testing.assert_array_equal(voice_conversion.voice, np.round(voice_conversion.voice))


def test_voices_out_of_all_bounds_stay_exact(network):
    for value in (-32768, 32767):
        voice = VoiceProfile(OTHER, np.full((2, 8), value, np.int16))
        voice_conversion = conversion_between(network, voice.pack(), CODES, OWN)
        moved = np.floor(latents(network, CODES) * voice_conversion.gain + voice_conversion.shift + 0.5)
        assert np.abs(moved).max() < ACTIVATION_LIMIT


def test_a_decoder_borrows(exported, network):
    release = exported.release
    voice = release.voice_profile(CODES[::2], OTHER)

    def heard(*loans: tuple[bytes, bytes]) -> np.ndarray:
        decoder = release.decoder(OWN)
        for lent, own in loans:
            decoder.convert_voice(release.voice_conversion(lent, CODES, own))
        return np.concatenate((decoder.push(CODES), decoder.finish()))

    assert not np.array_equal(heard((voice, OWN)), heard())
    assert np.array_equal(heard((voice, OWN), (voice, OWN)), heard((voice, OWN)))
    own = release.voice_profile(CODES, OWN)
    assert np.array_equal(heard((own, OWN)), heard())  # lent to itself
