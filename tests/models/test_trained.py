"""The model in the box: its kernels against its torch networks, on real (synthesised) speech."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from sottovoce.models import release

torch = pytest.importorskip("torch")

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.flac"))
pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")
SECONDS = 2


@pytest.fixture(scope="module")
def box() -> release.Release:
    return release.load()


@pytest.fixture(scope="module")
def forced(box):
    """Torch WaveNet in float64, its inputs on a sample, and its log-probabilities."""
    from sottovoce.models.level import active_level, gain_to_target
    from sottovoce.models.training.restore import restore
    from sottovoce.models.training.settings import DEFAULTS
    from sottovoce.models.training.tasks import DecoderObjective

    torch.set_num_threads(1)
    model = restore(box)
    wave, rate = soundfile.read(SAMPLES[0], dtype="float32", always_2d=True)
    wave = soxr.resample(wave[:, 0], rate, 16000)[: SECONDS * 16000]
    wave = torch.from_numpy(wave * np.float32(gain_to_target(active_level(wave))))[None]
    wave = torch.nn.functional.pad(wave, (0, -wave.shape[1] % 640))
    steps = wave.shape[1] // 640
    task = DecoderObjective(model, DEFAULTS)
    batch = {
        "wave": wave,
        "reference": wave,
        "preset": torch.tensor([box.presets["default"].index]),
        "moves": torch.zeros(1, steps, dtype=torch.long),
        "latent_noise": torch.zeros(1, model.encoder_latent, steps),
        "past_noise": torch.zeros_like(wave),
    }
    with torch.no_grad():
        c, speaker, _, _ = task.condition(batch)
        indices, _ = task.excitation(batch, c)
        condition = model.adapter(c, speaker)
        network = model.wavenet.double()
        logits = network(indices, condition.double())[0]
        cond = network.condition(condition.double())[0].numpy()
    return network, indices[0].numpy(), cond, logits.numpy()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    top = logits - logits.max(-1, keepdims=True)
    return top - np.log(np.exp(top).sum(-1, keepdims=True))


def test_training_can_go_on_from_a_release(box, tmp_path):
    from sottovoce.models.model import SpeechModel
    from sottovoce.models.training.restore import restore, save_restored
    from sottovoce.models.training.run import load_weights

    save_restored(box, tmp_path)
    model = SpeechModel(box.config)
    load_weights(model, tmp_path)
    stored = restore(box).state_dict()
    for name, tensor in model.state_dict().items():
        assert not torch.is_tensor(tensor) or torch.equal(tensor, stored[name]), name


def test_integer_kernels_keep_the_distribution(box, forced):
    from sottovoce.models.wavenet.kernels import kernels
    from sottovoce.models.wavenet.teacher_forcing import logits

    _, indices, cond, exact = forced
    told = np.clip(np.floor(cond * 2**11 + 0.5), -32768, 32767).astype(np.int16)
    p = log_softmax(exact)
    drawn = {name: logits(box.network.tables, indices, told, kernel=name) for name in kernels()}
    for name, found in drawn.items():
        q = log_softmax(found.astype(np.float64) / 256 * np.log(2))
        divergence = (np.exp(p) * (p - q)).sum(-1).mean() / np.log(2)
        assert divergence <= 1e-3, name
        assert np.array_equal(found, drawn["numba"]), name


def test_float_kernel_agrees_with_torch(forced):
    from sottovoce.models.wavenet.kernels import kernels
    from sottovoce.models.wavenet.quantize import float_tables
    from sottovoce.models.wavenet.teacher_forcing import float_logits

    if kernels() == ["numba"]:
        pytest.skip("the float32 check is in the compiled kernel")

    network, indices, cond, exact = forced
    arrays = float_tables(network.state_dict(), network.dilations)
    assert np.abs(float_logits(arrays, indices, cond.astype(np.float32)) - exact).max() <= 1e-4


def test_tables_made_again_are_the_tables_in_the_box(box, forced):
    from sottovoce.models.release import SAMPLER_PREFIX
    from sottovoce.models.wavenet.quantize import HEADROOM, Ranges, quantize

    network = forced[0]
    units = box.weights[f"{SAMPLER_PREFIX}units"][:3]
    ranges = Ranges(*(float(unit) * 32767 / HEADROOM for unit in units))
    for name, table in quantize(network.state_dict(), ranges, network.dilations).items():
        stored = box.weights[SAMPLER_PREFIX + name]
        if name.endswith("_bias"):  # beyond what torch's float32 holds, by one unit of the accumulator
            assert np.abs(table - stored).max() <= 1, name
        elif name == "units":
            assert np.allclose(table, stored, rtol=1e-9)
        else:
            assert np.array_equal(table, stored), name
