import numpy as np
import pytest

from sottovoce.codec.live.simulated_link import Link, LinkSettings


def through(link: Link, count: int, size: int = 10, every: float = 0.04) -> dict[int, float]:
    """When each packet arrives, of some that are sent at even times."""
    times = {}
    for tick in range(round(count * every * 1000) + 5000):
        now = tick / 1000
        if tick % round(1000 * every) == 0 and tick // round(1000 * every) < count:
            link.send(tick // round(1000 * every), bytes(size), now)
        times.update({number: now for number, packet in link.receive(now) if len(packet) == size})
    return times


def test_a_good_link_changes_nothing():
    assert through(Link(LinkSettings()), 20) == pytest.approx({number: 0.04 * number for number in range(20)})


def test_delay_and_jitter():
    times = through(Link(LinkSettings(delay=0.2, jitter=0.1)), 200)
    late = np.array([times[number] - 0.04 * number for number in range(200)])
    assert late.min() >= 0.2 and late.max() <= 0.302 and np.ptp(late) > 0.08
    assert list(times) != sorted(times)  # out of order


def test_loss():
    assert 40 < 400 - len(through(Link(LinkSettings(loss=0.2, burst=3), seed=4), 400)) < 120


def test_rate():
    times = through(Link(LinkSettings(rate=1600)), 50)  # 80 bits take 50 ms, but come every 40
    assert times[9] == pytest.approx(0.5, abs=0.002)
    slow = through(Link(LinkSettings(rate=160)), 50)
    assert len(slow) < 10  # what would wait for more than two seconds is lost
