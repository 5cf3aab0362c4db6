"""The numpy runtime against the torch networks."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch
from helpers import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.models.lpc import predictor
from sottovoce.models.release import Release
from sottovoce.models.runtime import decoder as decoder_module
from sottovoce.models.runtime.encoder import FRAME_OVERHANG, latents_of
from sottovoce.models.runtime.layers import ACTIVATION_BITS, ExactDense, FloatDense, Stack, make_dense
from sottovoce.models.runtime.plans import strided_encoder_plan
from sottovoce.models.runtime.quantizer import Quantizer
from sottovoce.models.runtime.speaker import speaker_bytes
from sottovoce.models.training import spectra
from sottovoce.models.wavenet.frames import Frames

UNIT = 2.0**ACTIVATION_BITS
FIELDS = [field.name for field in dataclasses.fields(Frames)]
WAVE = tiny.voice(1.6, 140, 9)


def torch_latents(model) -> np.ndarray:
    with torch.no_grad():
        framed = spectra.frames(torch.from_numpy(WAVE)[None])
        return model.encoder(spectra.encoder_input(model.inputs, framed))[0].T.numpy()


def runtime_latents(release: Release) -> np.ndarray:
    found = []
    encoder = release.encoder()
    encoder.quantizer = lambda latents: found.extend(latents) or np.zeros((len(latents), 3), np.int16)
    encoder.quantizer.books = [0, 0, 0]
    encoder.push(WAVE)
    encoder.finish()
    return np.stack(found)


def test_encoder_latents(exported):
    ours, theirs = runtime_latents(exported.release), torch_latents(exported.model)
    assert ours.shape == theirs.shape
    # weights of eight bits
    assert np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()
    # the same weights, and features that end in a logarithm
    assert np.abs(ours - torch_latents(exported.stored)).max() < 2e-3 * np.abs(theirs).max()


def test_codes_of_a_greedy_search_are_the_torch_quantisers(exported):
    model, release = exported.model, exported.release
    latents = runtime_latents(release)
    greedy = Quantizer(release.latent_quantizer.books, beam=1)
    codes = np.stack([greedy(latent) for latent in latents])
    theirs = model.bottleneck(torch.from_numpy(latents.T[None])).codes[0].numpy()
    assert (codes == theirs).mean() > 0.99


def hear(told: list[np.ndarray], books, found: np.ndarray) -> np.ndarray:
    told.append(found)
    return books(found)


def test_speaker_bytes(exported):
    model, release = exported.stored, exported.release
    books = Quantizer(release._quantizer("speaker_books", 2).books, beam=1)
    same = 0
    for i in range(8):
        wave = tiny.voice(0.8, 90 + 20 * i, i)
        with torch.no_grad():
            mel = spectra.log_mel(spectra.frames(torch.from_numpy(wave)[None])).transpose(1, 2)
            vector, codes = model.speaker(mel)[0].numpy(), model.embed_speaker(mel)[1].codes[0, 0].tolist()
        told: list[np.ndarray] = []
        greedy = speaker_bytes(wave, release.config, release.weights, partial(hear, told, books))
        assert np.abs(told[0] - vector).max() < 0.01 * np.abs(vector).max()
        same += list(greedy) == codes
        said = [
            sum(book[byte] for book, byte in zip(books.books, code, strict=True))
            for code in (release.speaker(wave), greedy)
        ]
        assert np.square(told[0] - said[0]).sum() <= np.square(told[0] - said[1]).sum()
    assert same >= 7


@pytest.mark.parametrize("length", [1, 159, 161])
def test_speaker_of_hardly_any_speech(exported, length: int):
    assert len(exported.release.speaker(WAVE[:length])) == 2


def torch_decoded(model, codes: np.ndarray, speaker: bytes):
    with torch.no_grad():
        latents = model.bottleneck.lookup(torch.from_numpy(codes.astype(np.int64))[None])
        vector = model.speaker_code.lookup(torch.tensor([[list(speaker)]]))[:, :, 0]
        c = model.conditioner(latents, vector)
        mel, pitch, voicing = model.conditioner.decoded(c)
        lpc, gain = predictor(mel.transpose(1, 2), 1.1)
        cond = model.wavenet.condition(model.adapter(c, vector))
    return c, pitch, voicing, lpc, gain, cond


def random_codes(steps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, (32, 16, 16), (steps, 3)).astype(np.int16)


def test_conditioner(exported):
    model, release = exported.stored, exported.release
    codes, speaker = random_codes(20), bytes((3, 7))
    network = release.network
    latents = np.stack([sum(book[c] for book, c in zip(network.books, row, strict=True)) for row in codes])
    ours = network.run_conditioner(latents, network.speaker(speaker), network.preset_of(codes))
    theirs = torch_decoded(model, codes, speaker)[0][0].T.numpy()
    assert (ours == np.floor(ours)).all()
    assert np.abs(ours / UNIT - theirs).max() < 1e-3 * max(1, np.abs(theirs).max())


def test_frames_say_what_torch_says(exported, monkeypatch: pytest.MonkeyPatch):
    model, release = exported.stored, exported.release
    codes, speaker = random_codes(30, 1), bytes((1, 2))
    told = []

    def listen(tables, streams, frames):
        told.append(frames)
        return np.zeros((1, frames.gain.shape[1] * 160), np.int32)

    monkeypatch.setattr(decoder_module, "sample", listen)
    decoder = release.decoder(speaker)
    decoder.push(codes)
    decoder.finish()
    _, pitch, voicing, lpc, gain, cond = torch_decoded(model, codes, speaker)
    ours = {name: np.concatenate([getattr(f, name)[0] for f in told]) for name in FIELDS}
    assert all(len(array) == 30 * model.conditioner.step for array in ours.values())
    assert np.abs(ours["cond"] / 2**11 - cond[0].numpy()).max() < 2e-3 * max(1.0, cond.abs().max().item())
    sure = voicing[0].abs().numpy() > 0.01
    assert 0.05 < ours["voiced"].mean() < 0.95
    assert (ours["voiced"].astype(bool) == (voicing[0] > 0).numpy())[sure].all()
    inverse_temperature = np.where(ours["voiced"], round(4096 / 0.7), 4096)
    assert (ours["inverse_temperature"] == inverse_temperature).all()
    assert (ours["probability_floor"] == round(65536e-4)).all()
    period = np.round(16000 / (150 * 2 ** pitch[0].numpy())).clip(27, 400)
    assert (np.abs(ours["period"] - period) <= np.maximum(1, 0.005 * period)).all()
    level = 20 * np.log10(ours["gain"] / 2**19 / gain[0].numpy())
    above = gain[0].numpy() > 2**-13
    assert above.mean() > 0.5 and np.abs(level[above]).max() < 0.5
    assert np.median(np.abs(ours["lpc"] / 4096 - lpc[0].numpy())) < 5e-3


def test_a_lost_step_is_softer_itself(exported, monkeypatch: pytest.MonkeyPatch):
    told = []

    def listen(tables, streams, frames):
        told.append(frames.gain[0])
        return np.zeros((1, frames.gain.shape[1] * 160), np.int32)

    monkeypatch.setattr(decoder_module, "sample", listen)
    codes = np.tile(random_codes(1), (12, 1))
    lost = codes.copy()
    lost[5:7] = -1
    gains = []
    for heard in (codes, lost):
        decoder = exported.release.decoder(bytes((3, 3)))
        decoder.push(heard[:6])
        decoder.push(heard[6:])
        decoder.finish()
        gains.append(np.concatenate(told))
        told.clear()
    wanted = np.repeat([1, 1, 1, 1, 1, 7 / 8, 6 / 8, 1, 1, 1, 1, 1], exported.model.conditioner.step)
    assert np.abs(gains[1] - np.maximum(gains[0] * wanted, 16)).max() <= 1


def test_the_exact_half_is_integer_whatever_comes_in():
    random = np.random.default_rng(0)
    weight = random.integers(-32767, 32768, (200, 30)).astype(np.int16)
    dense = ExactDense(weight, random.integers(-(2**40), 2**40, 30), 20)
    x = random.integers(-(2**23), 2**23, (50, 200)).astype(np.float64)
    expected = dense(x)
    # Python's own integers, of any size
    whole, bias = ([[int(value) for value in row] for row in matrix] for matrix in (x, dense.bias[None]))
    exact = (np.array(whole, object) @ weight.astype(object) + np.array(bias, object)) // 2**20
    assert expected.shape == (50, 30) and (expected == np.clip(exact.astype(float), -(2**23), 2**23)).all()
    assert (np.abs(expected) < 2**23).sum() > 1000  # not only the limits are compared
    order = random.permutation(200)
    assert (ExactDense(weight[order], dense.bias - 2.0**19, 20)(x[:, order]) == expected).all()


def test_every_output_has_its_own_scale():
    random = np.random.default_rng(0)
    weight = random.integers(-127, 128, (200, 30)).astype(np.int8)
    shift = random.integers(0, 17, 30).astype(np.int32)
    bias = random.integers(-(2**30), 2**30, 30)
    x = random.integers(-(2**23), 2**23, (50, 200)).astype(np.float64)
    together = ExactDense(weight, bias, shift)(x)
    for i in range(30):
        alone = ExactDense(weight[:, i : i + 1], bias[i : i + 1], int(shift[i]))(x)
        assert np.array_equal(together[:, i : i + 1], alone)
    products = x.astype(object) @ weight.astype(object) + bias.astype(object)
    exact = [[(2 * int(y) + 2**s) >> (s + 1) for y, s in zip(row, shift.tolist(), strict=True)] for row in products]
    assert np.array_equal(together, np.clip(np.array(exact, float), -(2**23), 2**23))


def test_float_weights_of_older_and_newer_releases():
    x, bias = np.ones((1, 2), np.float32), np.zeros(2, np.float16)
    halves = {"a.weight": np.array([[1.5, 2], [0.5, -1]], np.float16), "a.bias": bias}
    scales = {
        "a.weight": np.array([[3, 2], [1, -1]], np.int8),
        "a.scale": np.array([0.5, 1], np.float32),
        "a.bias": bias,
    }
    for weights, expected in ((halves, [2, 1]), (scales, [2, 1])):
        assert make_dense("a", weights, False)(x).tolist() == [expected]


@pytest.mark.parametrize("rate", [25, 50])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_stack_in_pieces_is_the_stack_at_once(rate: int, dilation: int):
    tables = tiny.config(rate)
    tables["encoder"] |= {"blocks": [2, 1, 3], "dilation": dilation}
    encoder = tiny.model(tables).encoder
    weights = {}
    for name, module in encoder.named_modules(prefix="encoder"):
        if isinstance(module, torch.nn.Conv1d):
            weights[f"{name}.weight"] = module.weight.detach().permute(2, 1, 0).flatten(0, 1).numpy()
            weights[f"{name}.bias"] = module.bias.detach().numpy()
    plan = strided_encoder_plan(rate, tables["encoder"])
    assert isinstance(Stack(plan, weights, False).layers[0].dense, FloatDense)
    x = np.random.default_rng(0).standard_normal((24 * 100 // rate, 144)).astype(np.float32)
    whole = encoder.layers(torch.from_numpy(x.T[None]))[0].T.detach().numpy()
    stack, step = Stack(plan, weights, False), 100 // rate
    pieces = np.concatenate([stack(x[i : i + step]) for i in range(0, len(x), step)])
    assert np.allclose(whole, pieces, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, len(WAVE)), max_size=12), length=st.integers(0, len(WAVE)))
def test_any_chunking_gives_the_same_codes(exported, cuts: list[int], length: int):
    wave = WAVE[:length]

    def codes(pieces: list[np.ndarray]) -> np.ndarray:
        encoder = exported.release.encoder()
        return np.concatenate([*(encoder.push(piece) for piece in pieces), encoder.finish()])

    whole = codes([wave])
    assert len(whole) == -(-length // exported.release.step)
    assert np.array_equal(codes(np.split(wave, sorted(min(cut, length) for cut in cuts))), whole)


@pytest.mark.parametrize("length", [1, 640, 16001])
def test_latents_of_a_whole_recording_are_those_that_the_encoder_quantises(exported, length: int):
    release = exported.release
    wave = np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
    encoder = release.encoder()
    codes = np.concatenate((encoder.push(wave), encoder.finish()))
    latents = latents_of(wave, release.config, release.analysis, encoder.preset)
    assert (release.latent_quantizer(latents) == codes).mean() > 0.98  # but for rounding


def test_codes_come_as_soon_as_the_lookahead_allows(exported):
    release = exported.release
    encoder = release.encoder()
    assert len(encoder.push(WAVE[: release.step + release.lookahead - 1])) == 0
    assert len(encoder.push(WAVE[release.step + release.lookahead - 1 :][:1])) == 1
    assert release.lookahead == release.step + FRAME_OVERHANG


def test_codes_depend_on_nothing_beyond_the_lookahead(exported):
    release = exported.release
    other = WAVE.copy()
    edge = 10 * release.step + release.lookahead
    other[edge:] = tiny.voice(2, 300, 77)[: len(WAVE) - edge]
    a, b = release.encoder().push(WAVE), release.encoder().push(other)
    assert np.array_equal(a[:10], b[:10]) and not np.array_equal(a, b)
