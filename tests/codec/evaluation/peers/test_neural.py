"""Neural codecs: packed codes, and the conventions of each package, which stand-ins follow."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from sottovoce.codec.evaluation import peers
from sottovoce.codec.evaluation.peers import dac, encodec, focalcodec, lyra, mimi, neural, snac
from sottovoce.codec.evaluation.peers.settings import PeerSettings


class Levels(neural.CodesPeer):
    """Codes are 10-bit samples, of which a second book has every other one."""

    def __init__(self):
        super().__init__(
            "levels:1", "levels", "numpy", input_rate=16000, sizes=[1024, 1000], step_rate=8000, per_step=[2, 1]
        )

    def codes(self, wave):
        samples = np.round(wave[: len(wave) // 2 * 2] * 500 + 512).astype(np.int64)
        return [samples, samples[::2] // 2]

    def speech(self, codes):
        np.testing.assert_array_equal(codes[0][::2] // 2, codes[1])
        return (codes[0] - 512) / 500


def test_codes_are_packed(talk):
    levels = Levels()
    assert levels.bit_rate == 8000 * 30
    data = levels.encode(talk)
    assert len(data) == 6 + -(-len(talk) // 2 * 30 // 8)
    decoded = levels.decode(data)
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, talk, atol=1e-3)


def test_a_recording_keeps_its_length(talk):
    levels = Levels()
    assert len(levels.decode(levels.encode(talk[:1001]))) == 1001


@pytest.mark.parametrize("name", ["encodec:3", "dac:1", "snac:24khz", "focalcodec:25hz", "mimi:8", "lyra:3200"])
def test_what_is_missing_is_named(name, tmp_path, monkeypatch):
    with pytest.raises(peers.MissingProgram) as missing:
        peers.peer(name, PeerSettings(weights=str(tmp_path)))
    assert str(missing.value).startswith(("pip install ", "put "))
    monkeypatch.setattr(neural, "need", lambda *what: None)
    for module in (encodec, dac, snac, focalcodec, mimi, lyra):
        monkeypatch.setattr(module, "need", lambda *what: None)
    with pytest.raises(peers.MissingProgram, match=r"put .* of .* into .* and name its parent with --weights"):
        peers.peer(name, PeerSettings(weights=str(tmp_path)))


# ---------------------------------------------------------------- stand-ins, with the interfaces of the packages
torch = pytest.importorskip("torch")


def blocks(wave, hop, books, size):
    """Codes [1, books, T] that depend on a wave [1, 1, n]."""
    wave = wave[0, 0][: wave.shape[-1] // hop * hop].reshape(-1, hop)
    level = (wave.abs().mean(1) * size).long().clamp(0, size - 1)
    return torch.stack([(level + book) % size for book in range(books)])[None]


def sound(codes, hop):
    """A wave [1, 1, n] from codes [1, books, T]."""
    return torch.repeat_interleave(codes[:, :1].float() / 4096, hop, -1)


class EncodecModel:
    @classmethod
    def encodec_model_24khz(cls, repository):
        assert (repository / encodec.CHECKPOINT).is_file()
        return cls()

    def set_target_bandwidth(self, bandwidth):
        self.books = int(bandwidth / 0.75)

    def encode(self, wave):
        return [(blocks(wave, 320, self.books, 1024), None)]

    def decode(self, frames):
        ((codes, scale),) = frames
        assert scale is None
        return sound(codes, 320)


class DacModel:
    quantizer = SimpleNamespace(from_codes=lambda codes: (codes, None, None))

    @classmethod
    def load(cls, path):
        assert path.endswith(dac.CHECKPOINT)
        return cls()

    def eval(self):
        return self

    def preprocess(self, wave, rate):
        assert rate == 16000
        return torch.nn.functional.pad(wave, (0, -wave.shape[-1] % 320))

    def encode(self, wave, n_quantizers):
        return None, blocks(wave, 320, n_quantizers, 1024), None, None, None

    def decode(self, latents):
        return sound(latents, 320)


class SnacModel:
    sampling_rate, encoder_rates, codebook_size = 24000, [2, 4, 8, 8], 4096

    @classmethod
    def from_pretrained(cls, folder):
        return cls()

    def encode(self, wave):
        wave = torch.nn.functional.pad(wave, (0, -wave.shape[-1] % 2048))
        return [blocks(wave, 512 * stride, 1, 4096)[:, 0] for stride in (4, 2, 1)]

    def decode(self, codes):
        assert [book.shape[-1] for book in codes] == [len(codes[0][0]) * count for count in (1, 2, 4)]
        return sound(codes[2][:, None], 512)


class Focal:
    @classmethod
    def from_pretrained(cls, folder):
        return cls()

    def eval(self):
        return self

    def sig_to_toks(self, wave):
        return blocks(wave[:, None], 640, 1, 8192)[:, 0]

    def toks_to_sig(self, codes):
        return sound(codes[:, None], 640)[:, 0]


class MimiModel:
    @classmethod
    def from_pretrained(cls, folder, local_files_only):
        assert local_files_only
        return cls()

    def eval(self):
        return self

    def encode(self, wave, num_quantizers):
        return SimpleNamespace(audio_codes=blocks(wave, 1920, num_quantizers, 2048))

    def decode(self, codes):
        return SimpleNamespace(audio_values=sound(codes, 1920))


class Interpreter:
    """Level of a frame in the first book."""

    def __init__(self, path, num_threads):
        self.name = path

    def get_signature_runner(self, name):
        def encode(input_frames, num_quantizers):
            codes = np.full((46, 1, 1), -1, np.int32)
            codes[:num_quantizers] = int(15 * min(1, float(np.abs(input_frames).mean())))
            return {"output_0": codes}

        def decode(encoding_indices):
            assert encoding_indices.shape == (46, 1, 1)
            return {"output_0": encoding_indices[0].astype(np.float32)}

        return {"encode": encode, "decode": decode}[name]

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [{"index": 0}]

    get_output_details = get_input_details

    def set_tensor(self, index, value):
        self.value = value

    def invoke(self):
        pass

    def get_tensor(self, index):
        return np.full((1, 320), float(self.value.ravel()[0]) / 15, np.float32) if "gan" in self.name else self.value


MODULES = {
    "encodec": {"EncodecModel": EncodecModel},
    "dac": {"DAC": DacModel},
    "snac": {"SNAC": SnacModel},
    "focalcodec": {"FocalCodec": Focal},
    "transformers": {"MimiModel": MimiModel},
    "ai_edge_litert.interpreter": {"Interpreter": Interpreter},
}
FILES = {
    "encodec": [encodec.CHECKPOINT],
    "dac": [dac.CHECKPOINT],
    "snac": ["config.json", "pytorch_model.bin"],
    "focalcodec/25hz": ["config.json", "model.safetensors"],
    "mimi": ["config.json", "model.safetensors"],
    "lyra": list(lyra.FILES),
}
RATES = {
    "encodec:6": 6000,
    "encodec:1.5": 1500,
    "dac:2": 2000,
    "dac:1": 1000,
    "snac:24khz": 984,
    "focalcodec:25hz": 325,
    "mimi:8": 1100,
    "mimi:5": 687.5,
    "lyra:9200": 9200,
    "lyra:6000": 6000,
    "lyra:3200": 3200,
}


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Stand-ins for all packages and weights."""
    for name, contents in MODULES.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    for module in (encodec, dac, snac, focalcodec, mimi, lyra):
        monkeypatch.setattr(module, "need", lambda *what: None)
    for folder, files in FILES.items():
        (tmp_path / folder).mkdir(parents=True)
        for file in files:
            (tmp_path / folder / file).touch()
    return PeerSettings(weights=str(tmp_path))


@pytest.mark.parametrize(("name", "rate"), RATES.items())
def test_there_and_back(name, rate, installed, talk):
    codec = peers.peer(name, installed)
    assert (codec.name, codec.family) == (name, name.partition(":")[0])
    assert codec.bit_rate == pytest.approx(rate, rel=1e-3)
    data = codec.encode(talk)
    assert 8 * (len(data) - 6) / (len(talk) / 16000) == pytest.approx(rate, rel=0.06)
    decoded = codec.decode(data)
    assert (len(decoded), decoded.dtype) == (len(talk), np.float32)
    assert decoded.max() > 0
    assert codec.commands() is None
    assert codec.identity
