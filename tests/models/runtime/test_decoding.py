"""Codes to samples: however they are cut, whoever shares the pass, and when some are lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.models.release import decode_batch
from sottovoce.models.runtime.contrast import Contrast

STEPS = 12
CODES = np.random.default_rng(3).integers(0, (32, 16, 16), (STEPS, 3)).astype(np.int16)
SPEAKER = bytes((2, 9))


def decoded(release, pieces, **how) -> np.ndarray:
    decoder = release.decoder(SPEAKER, **how)
    return np.concatenate([*(decoder.push(piece) for piece in pieces), decoder.finish()])


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, STEPS), max_size=6), lost=st.sets(st.integers(0, STEPS - 1)))
def test_any_chunking_gives_the_same_samples(exported, cuts: list[int], lost: set[int]):
    codes = CODES.copy()
    codes[list(lost)] = -1
    whole = decoded(exported.release, [codes], seed=5)
    assert len(whole) == STEPS * exported.release.step
    assert np.array_equal(decoded(exported.release, np.split(codes, sorted(cuts)), seed=5), whole)


def late(release) -> int:
    """Samples that the post-filter keeps back: a window waits for one frame more than it holds, so contrast for 240."""
    decoding = release.config["decoding"]
    return 240 * (decoding["envelope_passes"] + (decoding["contrast"] > 0))


def test_one_step_and_what_is_filtered_stay_due(exported):
    release = exported.release
    decoder = release.decoder(SPEAKER)
    assert len(decoder.push(CODES[:1])) == 0
    assert len(decoder.push(CODES[1:4])) == 3 * release.step - late(release)
    assert len(decoder.finish()) == release.step + late(release)


def test_a_release_from_before_there_was_contrast_has_none(exported, monkeypatch: pytest.MonkeyPatch):
    release = exported.release
    others = {key: value for key, value in release.config["decoding"].items() if key != "contrast"}

    def wave(**contrast: int) -> np.ndarray:
        monkeypatch.setitem(release.network.config, "decoding", others | contrast)
        return decoded(release, [CODES])

    assert np.array_equal(wave(), wave(contrast=0)) and not np.array_equal(wave(), wave(contrast=100))


@pytest.mark.parametrize("cuts", [[], [1, 2, 7]])
def test_the_filter_is_told_the_sharpened_and_faded_powers(exported, cuts: list[int], monkeypatch: pytest.MonkeyPatch):
    release, said, told = exported.release, [], []
    decoder = release.decoder(SPEAKER)
    network, stage = release.network, decoder.filters[0]
    conditioning, push = network.conditioning, stage.push
    monkeypatch.setattr(network, "conditioning", lambda *x: said.append(conditioning(*x)) or said[-1])
    monkeypatch.setattr(stage, "push", lambda wave, powers: told.append(powers) or push(wave, powers))
    codes = CODES.copy()
    codes[[2, 3, 8, 11]] = -1
    for piece in np.split(codes, cuts):
        decoder.push(piece)
    decoder.finish()
    mel = np.concatenate([one.mel for one in said])
    contrast = Contrast(release.config["decoding"]["contrast"])
    sharp = np.concatenate((contrast.push(mel), contrast.finish()))
    fade = np.repeat(np.array([8, 8, 7, 6, 8, 8, 8, 8, 7, 8, 8, 7]) / 8, len(mel) // STEPS)
    assert np.array_equal(np.concatenate(told), network.predictor.power(sharp) * np.square(fade)[:, None])


def test_decoders_share_the_weights_and_not_the_past(exported):
    network = exported.release.network
    one, other = network.conditioner(), network.conditioner()
    latents, voice = np.full((2, len(network.books[0][0])), 2.0**14), np.full(len(network.speaker_books[0][0]), 2.0**14)
    first = one(latents, voice, 0)
    first_dense = [getattr(c, "enter", None) or c.stack.layers[0] for c in (one, other)]
    assert first_dense[0].dense is first_dense[1].dense
    assert np.array_equal(first, other(latents, voice, 0)) and not np.array_equal(first, one(latents, voice, 0))
    assert np.array_equal(first, one.fresh()(latents, voice, 0))


def test_seed_and_stream_decide(exported):
    release = exported.release
    first = decoded(release, [CODES], seed=1)
    assert np.array_equal(decoded(release, [CODES], seed=1), first)
    assert not np.array_equal(decoded(release, [CODES], seed=2), first)
    assert not np.array_equal(decoded(release, [CODES], seed=1, stream=1), first)


def test_the_speaker_counts(exported):
    decoder = exported.release.decoder(bytes((5, 1)))
    other = np.concatenate((decoder.push(CODES), decoder.finish()))
    assert not np.array_equal(other, decoded(exported.release, [CODES]))


@pytest.mark.parametrize("count", [2, 5])
def test_together_is_as_alone(exported, count: int):
    release = exported.release
    random = np.random.default_rng(0)
    several = [np.roll(CODES, i, 0)[: int(random.integers(0, STEPS + 1))] for i in range(count)]
    together = [release.decoder(SPEAKER, seed=3, stream=i) for i in range(count)]
    alone = [release.decoder(SPEAKER, seed=3, stream=i) for i in range(count)]
    for first, last in ((0, 5), (5, STEPS)):
        pushed = decode_batch(together, [codes[first:last] for codes in several])
        for wave, decoder, codes in zip(pushed, alone, several, strict=True):
            assert np.array_equal(wave, decoder.push(codes[first:last]))
    assert all(np.array_equal(a.finish(), b.finish()) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("lost", [[0], [5], [3, 4, 5], list(range(STEPS))])
def test_lost_steps_are_concealed(exported, lost: list[int]):
    codes = CODES.copy()
    codes[lost] = -1
    wave = decoded(exported.release, [codes])
    assert len(wave) == STEPS * exported.release.step
    whole, step = decoded(exported.release, [CODES]), exported.release.step
    # what was decoded before the loss could be known is the same
    before = max(0, (lost[0] - 1) * step - 2 * late(exported.release))
    assert np.array_equal(wave[:before], whole[:before])


def test_a_long_loss_fades_to_silence(exported):
    release = exported.release
    codes = np.concatenate((CODES, np.full((40, 3), -1, np.int16)))
    wave = decoded(release, [codes]).astype(np.float64)
    assert len(wave) == len(codes) * release.step
    heard, held, end = np.split(wave, [STEPS * release.step, (STEPS + 12) * release.step])
    assert np.sqrt(np.mean(end**2)) < 0.1 * np.sqrt(np.mean(heard**2))
    assert np.abs(held).max() < 2 * np.abs(heard).max()


def test_speech_comes_back_after_a_loss(exported):
    release = exported.release
    codes = np.concatenate((np.full((20, 3), -1, np.int16), np.tile(CODES, (2, 1))))
    wave = decoded(release, [codes]).astype(np.float64)
    lost, back = wave[: 18 * release.step], wave[22 * release.step :]
    assert np.sqrt(np.mean(back**2)) > 3 * np.sqrt(np.mean(lost[8 * release.step :] ** 2))
