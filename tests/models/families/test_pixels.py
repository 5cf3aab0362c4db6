"""The four output models: distributions over 256 levels, right however far out, and how well each fits two peaks."""

import math

import mpmath
import pytest
import torch
from torch.distributions import Normal

from sottovoce.models.families.mel import LEVELS
from sottovoce.models.families.pixels import HALF, GaussianPixels, MixturePixels, make_output

NAMES = ["fixed", "gaussian", "softmax", "mixture"]
DEVIATION = 9.0


def raws(outputs: int) -> torch.Tensor:
    """Parameters from tame to wild, (6, 8, outputs)."""
    torch.manual_seed(0)
    return torch.randn(6, 8, outputs) * torch.tensor([0.1, 0.5, 1.0, 2.0, 4.0, 8.0])[:, None, None]


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_sum_to_one_and_are_those_of_the_pixels(name: str):
    output = make_output(name, DEVIATION)
    raw, target = raws(output.outputs), torch.randint(0, LEVELS, (6, 8))
    log_probs = output.log_probs(raw)
    assert log_probs.shape == (6, 8, LEVELS) and log_probs.dtype == torch.float32
    assert torch.allclose(log_probs.exp().sum(-1), torch.ones(6, 8), atol=1e-3)
    assert torch.allclose(output.log_prob(raw, target), log_probs.gather(-1, target[..., None])[..., 0], rtol=1e-5)


def normal_mass(low: mpmath.mpf, high: mpmath.mpf) -> mpmath.mpf:
    """Probability of an interval, with digits to lose."""
    return mpmath.ncdf(high) - mpmath.ncdf(low)


def logistic_mass(low: mpmath.mpf, high: mpmath.mpf) -> mpmath.mpf:
    """Likewise; 1/inf is 0."""
    return 1 / (1 + mpmath.exp(-high)) - 1 / (1 + mpmath.exp(-low))


@pytest.mark.parametrize("mean", [-3.0, -1.0, 0.001, 0.4, 2.0])
@pytest.mark.parametrize("log_scale", [-9.0, -5.0, -2.0, 0.5, 5.0])
@pytest.mark.parametrize("name", ["gaussian", "mixture"])
def test_tails_against_many_digits(name: str, mean: float, log_scale: float):
    """By the definition, in decimals that hold e^-30000: the levels' intervals, the outermost open, scales limited."""
    mass = normal_mass if name == "gaussian" else logistic_mass
    density = [mean, log_scale] if name == "gaussian" else [0.0] * 10 + [mean] * 10 + [log_scale] * 10
    target = torch.tensor([0, 1, 2, 50, 127, 128, 129, 200, 254, 255])
    found = make_output(name, DEVIATION).log_prob(torch.tensor(density).expand(len(target), -1), target)
    with mpmath.workdps(60):
        scale = mpmath.exp(-min(max(log_scale, -7), 3))
        for level, nats in zip(target.tolist(), found.tolist(), strict=True):
            low = -mpmath.inf if level == 0 else (level / HALF - 1 - mpmath.mpf(mean)) * scale
            high = mpmath.inf if level == LEVELS - 1 else ((level + 1) / HALF - 1 - mpmath.mpf(mean)) * scale
            exact = mass(-high, -low) if low > 0 else mass(low, high)
            assert nats == pytest.approx(float(mpmath.log(exact)), rel=2e-4, abs=1e-3)


def test_fixed_deviation_is_the_learned_one_held():
    raw, target = raws(1), torch.randint(0, LEVELS, (6, 8))
    held = torch.full_like(raw, math.log(DEVIATION / HALF))
    learned = GaussianPixels().log_prob(torch.cat((raw, held), -1), target)
    assert torch.allclose(GaussianPixels(DEVIATION).log_prob(raw, target), learned, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("log_scale", [-9.0, -5.0, 0.0, 5.0])
@pytest.mark.parametrize("mean", [-30.0, -1.0, 0.0, 1.0, 30.0])
@pytest.mark.parametrize("name", ["fixed", "gaussian"])
def test_gradients_in_the_tails_are_finite(name: str, mean: float, log_scale: float):
    output = make_output(name, DEVIATION)
    raw = torch.tensor([mean, log_scale])[: output.outputs].expand(LEVELS, -1).clone().requires_grad_()
    nats = output.log_prob(raw, torch.arange(LEVELS))
    nats.sum().backward()
    assert raw.grad is not None and torch.isfinite(raw.grad).all()
    assert torch.isfinite(nats).all() and (nats <= 1e-6).all()


def fitted_bits(name: str, target: torch.Tensor) -> float:
    """Bits per level of the best that an output model can say of levels (N,) with one set of numbers for all."""
    output = make_output(name, DEVIATION)
    raw = torch.zeros(output.outputs)
    output.init_bias(raw)
    raw.requires_grad_()
    optimiser = torch.optim.Adam([raw], lr=0.1)
    for step in range(500):
        optimiser.param_groups[0]["lr"] = 0.1 * min(1, (500 - step) / 200)  # a constant rate oscillates in the end
        optimiser.zero_grad()
        bits = -output.log_prob(raw.expand(len(target), -1), target).mean() / math.log(2)
        bits.backward()
        optimiser.step()
    return bits.item()


def test_two_peaks_that_no_gaussian_fits():
    """Levels 36..43 and 196..203 alike cost four bits; the best normal density has their mean and deviation, 80.

    So it costs 8.4 bits, more than to say nothing; and one of nine levels costs 62.
    """
    peaks = torch.cat((torch.arange(36, 44), torch.arange(196, 204)))
    assert fitted_bits("softmax", peaks) == pytest.approx(4.0, abs=0.01)
    assert fitted_bits("mixture", peaks) == pytest.approx(4.0, abs=0.3)
    learned = math.log2(80 * math.sqrt(2 * math.pi * math.e))
    fixed = -Normal(0.0, DEVIATION).log_prob(torch.tensor(80.0)).item() / math.log(2)
    assert fitted_bits("gaussian", peaks) == pytest.approx(learned, abs=0.01)
    assert fitted_bits("fixed", peaks) == pytest.approx(fixed, rel=0.01)


def test_one_peak_that_all_fit():
    """Levels as a rounded normal density of nine levels has them: its entropy is log2(9 sqrt(2 pi e))."""
    peak = (128 + 9 * torch.erfinv(torch.linspace(-0.998, 0.998, 500)) * math.sqrt(2)).floor().long()
    entropy = math.log2(DEVIATION * math.sqrt(2 * math.pi * math.e))
    for name in NAMES:
        assert fitted_bits(name, peak) == pytest.approx(entropy, abs=0.05)


def test_mixture_begins_with_its_densities_apart():
    bias = torch.zeros(30)
    MixturePixels().init_bias(bias)
    assert bias[10:20].diff().min() > 0.1


def test_a_name_that_there_is_not():
    with pytest.raises(ValueError, match="choose one of fixed, gaussian, softmax, mixture"):
        make_output("poisson", DEVIATION)
