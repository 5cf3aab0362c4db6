import numpy as np
import pytest

from sottovoce.codec.damage import BurstLoss


@pytest.mark.parametrize(("loss", "burst"), [(0.0, 1.0), (0.1, 1.0), (0.1, 3.0), (0.2, 5.0), (0.5, 2.0)])
def test_rate_and_bursts_are_as_asked(loss, burst):
    loses = BurstLoss(loss, burst, seed=1)
    lost = np.array([loses() for _ in range(60_000)])
    begun = (lost[1:] & ~lost[:-1]).sum()
    assert lost.mean() == pytest.approx(loss, rel=0.08)
    if loss:
        assert lost.sum() / begun == pytest.approx(max(burst, 1 / (1 - loss) if burst == 1 else burst), rel=0.12)


def test_a_seed_repeats():
    assert [BurstLoss(0.3, 2, 5)() for _ in range(3)] == [BurstLoss(0.3, 2, 5)() for _ in range(3)]
    one, other = BurstLoss(0.3, 2, 5), BurstLoss(0.3, 2, 6)
    assert [one() for _ in range(99)] != [other() for _ in range(99)]


@pytest.mark.parametrize(("loss", "burst"), [(1.0, 1.0), (-0.1, 1.0), (0.1, 0.5)])
def test_nonsense_is_refused(loss, burst):
    with pytest.raises(ValueError, match="burst"):
        BurstLoss(loss, burst)
