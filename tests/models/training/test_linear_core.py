"""The first values of a linear core, and its training."""

from pathlib import Path

import torch
from helpers import tiny

from sottovoce.models.features import BANDS
from sottovoce.models.linear_core import LinearCoreConditioner, LinearCoreEncoder
from sottovoce.models.model import SpeechModel
from sottovoce.models.training import spectra
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.linear_core import initialise
from sottovoce.models.training.run import stage_settings, train
from sottovoce.models.training.tasks import for_preset


def initialised(shards: Path, size: int = 8) -> tuple[SpeechModel, Corpus]:
    tables = tiny.linear_core()
    tables["bottleneck"]["size"] = size
    torch.manual_seed(0)
    model, corpus = SpeechModel(tables).eval(), Corpus(shards, torch.device("cpu"))
    initialise(model, corpus, {"seed": 0})
    return model, corpus


def blocks(corpus: Corpus) -> torch.Tensor:
    """Encoder inputs (1, 144, 400)."""
    wave = corpus.crop(torch.Generator().manual_seed(1), 1, 400, 100, False, False).wave
    return spectra.encoder_input("logmel+pitch", spectra.frames(wave))


def test_a_new_linear_core_is_an_orthogonal_transform(shards: Path):
    model, corpus = initialised(shards)
    encoder, conditioner = model.encoder, model.conditioner
    assert isinstance(encoder, LinearCoreEncoder) and isinstance(conditioner, LinearCoreConditioner)
    basis = encoder.core.weight[:, :, 0]
    assert torch.allclose(basis @ basis.T, torch.eye(8), atol=1e-4)
    x = blocks(corpus)
    with torch.no_grad():
        z = encoder(x)
        decoded = conditioner(z, torch.zeros(1, 8))[:, :BANDS]
        again = encoder(torch.cat((decoded, x[:, BANDS:]), 1))
    assert torch.allclose(z, again, atol=1e-3)  # a projection: nothing changes the second time
    # the eight largest of 320 components hold most of the variance
    assert (decoded - x[:, :BANDS]).square().mean() < 0.5 * (x[:, :BANDS] - x[:, :BANDS].mean(2, True)).square().mean()


def test_more_components_leave_less(shards: Path):
    errors = []
    for size in (4, 16):
        model, corpus = initialised(shards, size)
        x = blocks(corpus)
        with torch.no_grad():
            decoded = model.conditioner(model.encoder(x), torch.zeros(1, 8))[:, :BANDS]
        errors.append(float((decoded - x[:, :BANDS]).square().mean()))
    assert errors[1] < 0.8 * errors[0]


def test_books_start_on_latents_of_speech(shards: Path):
    model, corpus = initialised(shards)
    with torch.no_grad():
        z = model.encoder(blocks(corpus))
        coded = model.bottleneck.eval()(z)
    # 13 bits for 8 dimensions
    assert (coded.latents - z).square().mean() < 0.3 * z.square().mean()


def test_a_linear_core_learns(run_config, tmp_path: Path):
    settings = {"steps": 30, "optimiser": "muon", "check_every": 30, "learning_rate": 3e-3}
    train(run_config("spectrum", tiny.linear_core(), **settings))
    log = tiny.journal(tmp_path / "run")
    assert sum(e["loss"] for e in log[-5:]) < sum(e["loss"] for e in log[:5])
    assert {f"dev_mel_rmse_db/{preset}" for preset in (0, 1)} <= log[-1].keys()


def test_all_examples_of_one_preset():
    batch = {"preset": torch.tensor([0, 1, 1]), "wave": torch.zeros(3, 4)}
    assert for_preset(batch, 1)["preset"].tolist() == [1, 1, 1]
    assert batch["preset"].tolist() == [0, 1, 1]


def test_the_packaged_config_is_complete():
    config = read_config("linear-core")
    model = SpeechModel(config)
    assert model.preset_books == [2, 4, 9, 17] and model.preset_books[-1] == len(config["bottleneck"]["bits"])
    for stage in config["stage"]:
        assert len(stage_settings(config, stage)["preset_chances"]) == len(config["presets"])
