"""Some stretches lose bands, some get noise, most stay as they are; always the same for the same generator."""

import numpy as np
import torch

from sottovoce.models.training.channels import LIMITED, NOISY, simulate_channels

STRETCHES = 400


def heard(waves: tuple[torch.Tensor, ...], seed: int = 0) -> tuple[torch.Tensor, ...]:
    return simulate_channels(waves, torch.Generator().manual_seed(seed))


def noise() -> torch.Tensor:
    return 0.05 * torch.randn((STRETCHES, 3200), generator=torch.Generator().manual_seed(1))


def test_as_many_as_said_are_changed():
    wave = noise()
    (found,) = heard((wave,))
    changed = ((found - wave).square().mean(1).sqrt() > 1e-4).float().mean().item()
    assert abs(changed - (1 - (1 - LIMITED) * (1 - NOISY))) < 0.06
    assert torch.equal(heard((wave,))[0], found)
    assert not torch.equal(heard((wave,), 1)[0], found)


def test_a_stretch_and_its_reference_pass_the_same_channel():
    wave = noise()
    one, other = heard((wave, wave.flip(1)))
    powers = [10 * np.log10(np.abs(np.fft.rfft(x.numpy())) ** 2 + 1e-9)[:, 1200:].mean(1) for x in (wave, one, other)]
    lost = powers[1] - powers[0]
    limited = lost < -20  # of 6 kHz and more
    assert 10 < limited.sum() < STRETCHES * LIMITED
    assert (powers[2] - powers[0])[limited].max() < -15


def test_noise_is_mild():
    (found,) = heard((torch.zeros(STRETCHES, 3200),))
    level = 20 * torch.log10(found.square().mean(1).sqrt() / 0.05 + 1e-9)
    assert level.max() < -14.9
    assert (level > -100).float().mean() < 2 * NOISY
