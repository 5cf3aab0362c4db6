"""The four points of a model."""

import math

import pytest
import torch
from helpers import talkers

from sottovoce.models.probing.points import points


def speech(length: int = 1500) -> torch.Tensor:
    return torch.randint(60, 196, (length,), generator=torch.Generator().manual_seed(0))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize(
    ("bottleneck", "bits"),
    [({"kind": "ae", "size": 3}, 96), ({"kind": "vq", "size": 4, "codes": 8}, 3), ({"kind": "vae", "size": 3}, None)],
)
def test_points_are_what_the_model_computes(bottleneck: dict, bits: float | None):
    model = talkers.model(**bottleneck)
    found, cost = points(model, speech(), seeded())
    whole = model.padded(speech()[None])
    with torch.no_grad():
        z = model.encoder(model.features(whole))
        coded = model.bottleneck(z)
    sizes = {"p_enc": 24, "p_proj": z.shape[1], "p_bn": z.shape[1], "p_cond": 24}
    if bits is None:
        sizes["p_draw"] = z.shape[1]
        assert not torch.equal(found["p_draw"], found["p_bn"])
    assert {name: value.shape for name, value in found.items()} == {name: (5, n) for name, n in sizes.items()}
    assert torch.allclose(found["p_proj"], z[0].T, atol=1e-6)
    assert torch.allclose(found["p_bn"], coded.latents[0].T, atol=1e-6)
    assert cost == pytest.approx(5 * bits if bits else 5 * float(coded.bits))
    assert math.isclose(cost, float(model.latent_bits(speech()[None])) - 5, rel_tol=1e-4)


def test_no_gradient_reaches_the_model_and_nothing_of_it_changes():
    model = talkers.model(kind="vq", size=4, codes=8)
    before = {name: value.clone() for name, value in model.state_dict().items() if torch.is_tensor(value)}
    found, _ = points(model, speech(), seeded())
    assert not any(value.requires_grad for value in found.values())
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


def test_the_conditioner_is_told_no_speaker():
    model = talkers.model(kind="ae", size=3)
    found, _ = points(model, speech(), seeded())
    with torch.no_grad():
        for parameter in (*model.speaker.parameters(), model.adapter.hidden.weight):
            parameter.add_(1)
        c = model.conditioner(found["p_bn"].T[None], torch.zeros(1, 4))
    again, _ = points(model, speech(), seeded())
    assert torch.equal(found["p_cond"], again["p_cond"])
    assert torch.allclose(found["p_cond"], c[0].view(24, 5, 2).mean(2).T, atol=1e-6)
