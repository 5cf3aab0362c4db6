"""What all bottlenecks share: shapes, gradients that pass straight through, bits."""

import math

import pytest
import torch
from torch import distributions

from sottovoce.models.bottleneck import AE, RVQ, VAE, VQ, Bottleneck, BottleneckOutput, make_bottleneck

OPTIONS = {
    "ae": {"size": 6},
    "vae": {"size": 6},
    "vq": {"size": 6, "codes": 16},
    "rvq": {"size": 6, "bits": [4, 3, 3]},
}


def make(kind: str) -> Bottleneck:
    torch.manual_seed(0)
    return make_bottleneck(kind, **OPTIONS[kind])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", OPTIONS)
def test_one_interface(kind: str, training: bool):
    bottleneck = make(kind).train(training)
    z = torch.randn(4, 6, 25, requires_grad=True)
    coded = bottleneck(z, torch.randn_like(z), torch.tensor([1, 2, 3, 3]))
    assert isinstance(coded, BottleneckOutput) and bottleneck.size == 6
    assert coded.latents.shape == z.shape and coded.latents.dtype == z.dtype
    assert coded.bits.shape == coded.loss.shape == ()
    assert torch.isfinite(coded.bits) and torch.isfinite(coded.loss)
    if kind in ("vq", "rvq"):
        assert coded.codes is not None and coded.codes.shape == (4, 25, 1 if kind == "vq" else 3)
        assert coded.codes.dtype == torch.long
    else:
        assert coded.codes is None
    assert all(value.shape == () for value in coded.log.values())


def test_unknown_kind():
    with pytest.raises(ValueError, match="choose one of ae, vae, vq, rvq"):
        make_bottleneck("fsq")


@pytest.mark.parametrize("kind", ["ae", "vq", "rvq"])
def test_gradient_is_the_identity(kind: str):
    z = torch.randn(2, 6, 9, requires_grad=True)
    wanted = torch.randn(2, 6, 9)
    (make(kind).train()(z).latents * wanted).sum().backward()
    assert z.grad is not None and torch.allclose(z.grad, wanted)


@pytest.mark.parametrize("kind", ["vq", "rvq"])
def test_commitment_pulls_latents_to_their_entries(kind: str):
    bottleneck = make(kind).eval()
    z = torch.randn(2, 6, 9, requires_grad=True)
    coded = bottleneck(z)
    coded.loss.backward()
    assert z.grad is not None
    assert (z.grad * (z - coded.latents).detach()).sum() > 0
    assert all(not p.requires_grad or p.grad is None for p in bottleneck.parameters())


@pytest.mark.parametrize(("kind", "bits"), [("ae", 6 * 32), ("vq", 4), ("rvq", 10)])
def test_bits(kind: str, bits: float):
    assert float(make(kind)(torch.randn(2, 6, 9)).bits) == bits


def test_ae_passes_on():
    z = torch.randn(2, 6, 9)
    assert torch.equal(AE(6)(z).latents, z)


def test_vae_divergence_is_the_closed_form():
    vae, z = VAE(6, weight=0.3), torch.randn(3, 6, 20)
    mean, log_variance = vae.moments(z).chunk(2, 1)
    posterior = distributions.Normal(mean, torch.exp(log_variance / 2))
    kl = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0)).sum(1).mean()
    coded = vae(z, torch.randn_like(z))
    assert coded.bits.item() == pytest.approx(kl.item() / math.log(2), rel=1e-5)
    assert coded.loss.item() == pytest.approx(0.3 * kl.item(), rel=1e-5)


def test_vae_draws_from_its_posterior():
    vae, z = VAE(6), torch.randn(1, 6, 1)
    mean, log_variance = vae.moments(z).chunk(2, 1)
    assert torch.equal(vae(z).latents, mean)
    many = vae(z.expand(20000, 6, 1), torch.randn(20000, 6, 1)).latents
    assert torch.allclose(many.mean(0), mean[0], atol=0.05)
    assert torch.allclose(many.var(0), log_variance[0].exp(), rtol=0.06)


def test_free_bits_cost_nothing():
    z = torch.randn(3, 6, 20)
    own = VAE(6)(z).bits.item()
    rich = VAE(6, free_bits=own + 10)
    coded = rich(z)
    assert coded.loss.item() == pytest.approx((own + 10) * math.log(2), rel=0.5)
    coded.loss.backward()
    assert rich.moments.weight.grad is None or not rich.moments.weight.grad.any()
    assert coded.bits.item() < own + 10
    poor = VAE(6, free_bits=0.01)
    poor(z).loss.backward()
    assert poor.moments.weight.grad is not None and poor.moments.weight.grad.any()


@pytest.mark.parametrize("kind", ["vq", "rvq"])
def test_state_survives(kind: str):
    first, second = make(kind).train(), make(kind)
    z = torch.randn(4, 6, 50)
    for _ in range(3):
        first(z)
    second.load_state_dict(first.state_dict())
    books = [m for m in second.modules() if hasattr(m, "ready")]
    assert books and all(book.ready for book in books)
    a, b = first.train()(z), second.train()(z)  # a fresh start by k-means would differ
    assert torch.equal(a.latents, b.latents)
    assert torch.equal(a.codes, b.codes)
    for name, value in first.state_dict().items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, second.state_dict()[name])


@pytest.mark.parametrize("kind", ["vq", "rvq"])
def test_evaluation_changes_nothing(kind: str):
    bottleneck = make(kind).eval()
    before = {k: v.clone() for k, v in bottleneck.state_dict().items() if isinstance(v, torch.Tensor)}
    bottleneck(torch.randn(4, 6, 50))
    assert all(torch.equal(v, bottleneck.state_dict()[k]) for k, v in before.items())


def test_names():
    assert [type(make(kind)) for kind in OPTIONS] == [AE, VAE, VQ, RVQ]
