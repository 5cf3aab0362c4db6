"""Codecs to compare with: there and back, rates, names, and what happens where a program is missing or fails."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import peers
from sottovoce.codec.evaluation.peers import base, opus
from sottovoce.codec.evaluation.peers.sotto import FirstStage, Sotto

SAMPLE = Path(__file__).parents[4] / "samples" / "slt-16k-mono.wav"
OTHERS = [name for family in peers.FAMILIES.values() for name in family]
OVERHEAD = {"codec2": 0.0, "lc3": 1600.0, "speex": 1400.0, "opus": 1600.0, "anchor": 0.0}
"""Bit/s that files of a few seconds may have beside the codes, that fill up bytes left aside."""


@pytest.fixture(scope="module")
def wave():
    return soundfile.read(SAMPLE, dtype="float32")[0]


@pytest.fixture
def fresh():
    peers.peer.cache_clear()
    yield
    peers.peer.cache_clear()


def installed(name):
    try:
        return peers.peer(name)
    except peers.MissingProgram as error:
        pytest.skip(f"needs {error}")


def lateness(wave, decoded, reach=800):
    """Samples that one is behind the other, by their envelopes: codecs of speech don't keep the phase."""
    one, other = (np.convolve(np.abs(x), np.hanning(80), "same") for x in (wave, decoded))
    size = 1 << (len(wave) + len(decoded)).bit_length()
    product = np.fft.irfft(np.fft.rfft(other - other.mean(), size) * np.conj(np.fft.rfft(one - one.mean(), size)), size)
    return int(np.argmax(np.roll(product, reach)[: 2 * reach + 1])) - reach


@pytest.mark.parametrize("name", OTHERS + peers.ANCHORS)
def test_there_and_back(name, wave):
    codec = installed(name)
    data = codec.encode(wave)
    decoded = codec.decode(data)
    assert isinstance(data, bytes)
    assert decoded.dtype == np.float32
    assert decoded.ndim == 1
    assert abs(len(decoded) - len(wave)) < 640  # a frame of Codec 2
    assert np.sqrt(np.mean(decoded**2)) > 0.02  # something is to be heard
    assert (codec.name, codec.family) == (name, name.partition(":")[0] if name in OTHERS else "anchor")
    assert codec.title
    assert codec.identity


@pytest.mark.parametrize("name", [*OTHERS, "pcm8k", "mulaw"])
def test_rate(name, wave):
    codec = installed(name)
    rate = 8 * len(codec.encode(wave)) * base.RATE / len(wave)
    filled = {"codec2:1300": 1400, "codec2:700C": 800, "codec2:450": 600}.get(name, codec.bit_rate)
    assert 0.95 * filled <= rate <= 1.03 * filled + OVERHEAD[codec.family]


@pytest.mark.parametrize("name", OTHERS + peers.ANCHORS)
def test_always_the_same(name, wave):
    codec = installed(name)
    first, second = codec.encode(wave), codec.encode(wave)
    assert len(first) == len(second)  # Ogg files have a random number in them
    np.testing.assert_array_equal(codec.decode(first), codec.decode(second))


@pytest.mark.parametrize("name", ["opus:12", "opus:6", "speex:1", "speex:0", "lc3:16", *peers.ANCHORS])
def test_delays_are_taken_away_where_the_file_tells_them(name, wave):
    codec = installed(name)
    assert abs(lateness(wave, codec.decode(codec.encode(wave)))) <= 24


@pytest.mark.parametrize("quality", ["0", "1"])
@pytest.mark.parametrize("samples", [3000, 20_000, 79_999, 81_300, 81_600, 100_000])
def test_speex_is_as_late_in_short_files_as_in_long_ones(quality, samples, wave):
    codec = installed(f"speex:{quality}")
    long = np.tile(wave, 3)[8000:]
    short = long[:samples]
    expected, decoded = codec.decode(codec.encode(long)), codec.decode(codec.encode(short))
    assert abs(len(decoded) - samples) < 320
    certain = samples - 640  # what follows is heard in the last frames
    np.testing.assert_array_equal(decoded[:certain], expected[:certain])


@pytest.mark.parametrize("name", ["codec2:1300", "opus:6", "speex:0", "lc3:16", "griffin-lim"])
def test_short_silent_and_too_loud(name, wave):
    codec = installed(name)
    for odd in (wave[8000:8001], np.zeros(5000, np.float32), 20 * wave[8000:16000]):
        decoded = codec.decode(codec.encode(odd))
        assert np.isfinite(decoded).all()
        assert abs(len(decoded) - len(odd)) < 640


@pytest.mark.parametrize("name", ["opus:6", "speex:1", "lc3:16"])
def test_commands_do_what_is_measured(name, wave, in_folder):
    codec = installed(name)
    run_commands(codec)
    assert abs(soundfile.info("out.wav").frames - len(wave)) < 640
    assert len(Path("coded").read_bytes()) == len(codec.encode(wave))


def test_codec2_commands_take_any_file(in_folder):
    run_commands(installed("codec2:3200"))  # that of a WAV is noise to them
    assert Path("out.wav").exists()


def run_commands(codec):
    for command, source, goal in zip(codec.commands(), (SAMPLE, "coded"), ("coded", "out.wav"), strict=True):
        names = {"{input}": str(source), "{output}": goal}
        subprocess.run([names.get(word, word) for word in command], check=True, capture_output=True)


# ---------------------------------------------------------------- mu-law
def test_mulaw_is_that_of_g711():
    # ITU-T G.711, table 2a: decision values' outputs, times 4 from 14 bits to 16
    known = {0x80: 32124, 0x81: 31100, 0x8F: 16764, 0x90: 15996, 0xFE: 8, 0xFF: 0, 0x7F: 0, 0x7E: -8, 0x00: -32124}
    heard = peers.peer("mulaw").decode(bytes(known)) * 32768
    assert dict(zip(known, heard.astype(int).tolist(), strict=True)) == known


def test_mulaw_keeps_what_it_can_say():
    codec = peers.peer("mulaw")
    all_of_it = bytes(set(range(256)) - {0x7F})  # minus zero
    assert codec.encode(codec.decode(all_of_it)) == all_of_it
    levels = np.linspace(-0.99, 0.99, 4001, dtype=np.float32)
    assert (np.abs(codec.decode(codec.encode(levels)) - levels) <= 0.001 + np.abs(levels) / 30).all()


# ---------------------------------------------------------------- ours
@pytest.mark.parametrize("kind", [Sotto, FirstStage])
def test_code_of_ours_that_answers_otherwise_has_another_identity(toy, monkeypatch, kind):
    monkeypatch.setattr(kind, "decode", lambda self, data: np.zeros(10, np.float32))
    before = kind("low", "default").identity
    assert kind("low", "default").identity == before
    monkeypatch.setattr(kind, "decode", lambda self, data: np.ones(10, np.float32))
    assert kind("low", "default").identity != before


def test_ours_by_api_and_by_commands(toy, fresh, wave, in_folder):
    codec = peers.peer("sotto:low")
    decoded = codec.decode(codec.encode(wave))
    assert len(decoded) == len(wave)
    assert (codec.name, codec.title, codec.family) == ("sotto:low", "sottovoce low", "sottovoce")
    assert f" low {base.behaviour(codec)}" in codec.identity
    assert codec.identity != peers.peer("sotto:default").identity
    run_commands(codec)
    assert Path("coded").read_bytes() == codec.encode(wave)
    np.testing.assert_array_equal(soundfile.read("out.wav", dtype="float32")[0], decoded)


def test_first_stage_says_what_the_decoder_hears():
    from sottovoce.codec.evaluation.peers.sotto import decoded_mel
    from sottovoce.models import release

    if not release.available():
        pytest.skip("no model in the box")
    model = release.load()
    codes = np.stack([np.random.default_rng(0).integers(0, 2**bits, 5) for bits in model.presets["default"].bits], 1)
    decoded, features = [], model.network.features

    def spy(c):
        decoded.append(features(c)[0])
        return features(c)

    model.network.features = spy
    decoder = model.decoder(bytes(8))
    decoder.push(codes[:2])
    decoder.push(codes[2:])
    decoder.finish()
    true = np.concatenate(decoded) / 2**14
    model.network.features = features
    np.testing.assert_allclose(decoded_mel(model, codes, bytes(8)), true, atol=1e-5)


def test_first_stage_is_audible(wave):
    codec = installed("stage1:default")
    decoded = codec.decode(codec.encode(wave))
    assert abs(len(decoded) - len(wave)) < 640
    assert codec.commands() is None
    assert "librosa" in codec.identity


# ---------------------------------------------------------------- missing, failing
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("codec2:1300", "apt install codec2"),
        ("opus:6", "apt install opus-tools"),
        ("speex:0", "apt install speex"),
        ("lc3:16", "apt install liblc3-tools"),
    ],
)
def test_missing_programs_say_how_to_install_them(fresh, monkeypatch, name, remedy):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(opus.util, "find_spec", lambda _: None)
    with pytest.raises(peers.MissingProgram) as caught:
        peers.peer(name)
    assert str(caught.value) == remedy


def test_opus_by_its_library_where_there_are_no_programs(fresh, monkeypatch, wave):
    pytest.importorskip("av")
    monkeypatch.setenv("PATH", "")
    codec = peers.peer("opus:6")
    assert codec.identity.startswith("libopus of PyAV")
    assert codec.commands() is None
    data = codec.encode(wave)
    assert data == codec.encode(wave)
    assert 5400 < 8 * len(data) * base.RATE / len(wave) < 7600
    decoded = codec.decode(data)
    assert decoded.dtype == np.float32
    assert len(decoded) == len(wave)
    assert abs(lateness(wave, decoded)) <= 24


def test_opus_by_its_library_of_odd_sounds():
    pytest.importorskip("av")
    codec = opus.OpusLibrary("6")
    for odd in (np.full(1, 0.1, np.float32), np.zeros(5000, np.float32)):
        assert 0 <= len(codec.decode(codec.encode(odd))) - len(odd) < 320


def test_missing_librosa(fresh, monkeypatch):
    from sottovoce.codec.evaluation.peers import griffin_lim

    def nothing(_):
        raise griffin_lim.metadata.PackageNotFoundError

    monkeypatch.setattr(griffin_lim.metadata, "version", nothing)
    with pytest.raises(peers.MissingProgram, match="sottovoce"):
        peers.peer("griffin-lim")


@pytest.mark.skipif(not shutil.which("sh"), reason="needs a shell")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("printf 'one\\ntwo\\n' >&2; exit 3", r"sh failed \(two\); "),
        ("exit 3", r"sh failed \(status 3\); "),
        ("exit 0", "sh wrote nothing; "),
    ],
)
def test_programs_that_fail(script, said):
    with pytest.raises(SottoError, match=said):
        base.converted(["sh", "-c", script], b"")


def test_programs_that_do_not_start(tmp_path):
    with pytest.raises(SottoError, match="no such file"):
        base.converted([str(tmp_path / "nothing")], b"")


@pytest.mark.skipif(not shutil.which("c2dec"), reason="needs c2dec")
def test_another_behaviour_is_another_identity():
    codec = peers.peer("codec2:1300")
    assert codec.identity != peers.peer("codec2:2400").identity


@pytest.mark.skipif(not shutil.which("dlc3"), reason="needs dlc3")
def test_what_is_no_file_of_theirs():
    with pytest.raises(SottoError, match="dlc3 failed"):
        peers.peer("lc3:16").decode(b"nonsense")


def test_rates_fall_within_a_family():
    for family in peers.FAMILIES.values():
        rates = [installed(name).bit_rate for name in family]
        assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("name", ["mp3", "codec2:9000", "codec2", "sotto:loudest", "stage1:loudest"])
def test_unknown_codecs(toy, fresh, name):
    with pytest.raises(SottoError):
        peers.peer(name)
