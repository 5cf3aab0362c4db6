import random

import pytest

from sottovoce.codec.live.jitter_buffer import MOST_HELD, MOST_INVENTED, MOST_STRANGE, Gap, JitterBuffer


def put(playout: JitterBuffer, *numbers: int) -> None:
    for number in numbers:
        playout.put(number, bytes([number % 256]))


def played(playout: JitterBuffer, count: int, due: bool = False) -> list:
    """What comes next: numbers of packets, or gaps."""
    taken = [playout.take(due=due) for _ in range(count)]
    return [one if isinstance(one, Gap) else one[0] for one in taken]


def test_in_order_whatever_the_order():
    playout = JitterBuffer()
    put(playout, 0, 2, 3, 1, 1)
    assert played(playout, 5) == [0, 1, 2, 3, Gap.WAIT]
    assert (playout.lost, playout.late, playout.shift) == (0, 0, 0)


def test_a_missing_one_is_waited_for_until_it_is_due():
    playout = JitterBuffer()
    put(playout, 7, 9)
    assert played(playout, 2) == [7, Gap.WAIT]
    assert played(playout, 2, due=True) == [Gap.CONCEAL, 9]
    put(playout, 8)
    assert (playout.lost, playout.late, playout.shift) == (1, 1, 0)


def test_what_was_late_is_played_after_what_was_made_up():
    playout = JitterBuffer()
    put(playout, 0)
    assert played(playout, 3, due=True) == [0, Gap.CONCEAL, Gap.CONCEAL]
    put(playout, 1, 2)
    assert played(playout, 3) == [1, 2, Gap.WAIT]
    assert (playout.lost, playout.late, playout.shift) == (0, 0, 2)


def test_what_was_lost_stands_where_it_was_made_up():
    playout = JitterBuffer()
    put(playout, 0)
    assert played(playout, 3, due=True) == [0, Gap.CONCEAL, Gap.CONCEAL]
    put(playout, 3, 4)
    assert played(playout, 3) == [3, 4, Gap.WAIT]
    assert (playout.lost, playout.shift) == (2, 0)
    put(playout, 6)
    played(playout, 1, due=True)
    assert played(playout, 1) == [6]


def test_nothing_is_made_up_for_ever_nor_after_the_end():
    playout = JitterBuffer()
    assert playout.take(due=True) is Gap.WAIT
    put(playout, 0)
    assert played(playout, MOST_INVENTED + 2, due=True) == [0] + [Gap.CONCEAL] * MOST_INVENTED + [Gap.WAIT]
    playout = JitterBuffer()
    put(playout, 0)
    playout.end = 1
    assert played(playout, 2, due=True) == [0, Gap.WAIT] and playout.done


def test_a_number_far_away_is_believed_when_it_stays_there():
    playout = JitterBuffer()
    put(playout, 0, MOST_HELD + 9, 1)
    assert played(playout, 3) == [0, 1, Gap.WAIT]
    far = 10_000
    put(playout, *range(far, far + MOST_STRANGE + 1))
    assert played(playout, 3)[:2] == [(far + MOST_STRANGE - 1) % 256, (far + MOST_STRANGE) % 256]
    put(playout, *range(100, 100 + MOST_STRANGE + 1))
    assert played(playout, 1) == [(100 + MOST_STRANGE - 1) % 256]


def bring(playout: JitterBuffer, number: int, copies: int) -> None:
    """Put a datagram with a packet and those before it."""
    playout.put(number, *(bytes([(number - back) % 256]) for back in range(copies + 1)))


def test_copies_of_what_was_played_are_nothing():
    playout = JitterBuffer()
    for number in range(2 * MOST_STRANGE):
        bring(playout, number + 8, 8)
        assert played(playout, 1) == [number]
    assert played(playout, 9) == [*range(2 * MOST_STRANGE, 2 * MOST_STRANGE + 8), Gap.WAIT]
    assert (playout.lost, playout.late, playout.recovered) == (0, 0, 8)  # those before the first that was heard


def test_a_copy_stands_for_what_was_lost():
    playout = JitterBuffer()
    bring(playout, 0, 0)
    bring(playout, 3, 2)
    put(playout, 2)
    assert played(playout, 5) == [0, 1, 2, 3, Gap.WAIT]
    assert (playout.lost, playout.late, playout.recovered) == (0, 0, 2)


def test_a_copy_that_is_late_counts_once():
    playout = JitterBuffer()
    put(playout, 0, 2)
    assert played(playout, 3, due=True) == [0, Gap.CONCEAL, 2]
    bring(playout, 3, 2)
    bring(playout, 4, 3)
    put(playout, 1, 2)
    assert played(playout, 2) == [3, 4]
    assert (playout.lost, playout.late, playout.recovered) == (1, 1, 0)


def test_the_first_datagram_may_bring_earlier_packets():
    playout = JitterBuffer()
    bring(playout, 12, 2)
    assert played(playout, 4) == [10, 11, 12, Gap.WAIT]


def test_copies_neither_hasten_nor_hinder_a_jump():
    playout = JitterBuffer()
    put(playout, 1000)
    for number in range(MOST_STRANGE - 1):
        bring(playout, number + 9, 8)
    assert played(playout, 2) == [1000 % 256, Gap.WAIT]
    bring(playout, MOST_STRANGE + 8, 8)
    assert played(playout, 2) == [MOST_STRANGE + 8, Gap.WAIT]


def test_a_goodbye_brings_the_last_ones():
    playout = JitterBuffer()
    put(playout, 5)
    playout.put(8, None, b"\7", b"\6")
    playout.end = 8
    assert played(playout, 3) == [5, 6, 7] and playout.done
    assert (playout.lost, playout.recovered) == (0, 2)


def test_what_is_missing_at_the_end_is_made_up_once():
    playout = JitterBuffer()
    put(playout, 0)
    assert played(playout, 2, due=True) == [0, Gap.CONCEAL]
    playout.end = 3
    assert played(playout, 3, due=True) == [Gap.CONCEAL, Gap.WAIT, Gap.WAIT] and playout.done
    assert (playout.lost, playout.shift) == (2, 0)


@pytest.mark.parametrize("seed", range(20))
def test_any_packets_in_any_order_are_borne(seed):
    draw = random.Random(seed)
    playout = JitterBuffer()
    taken = []
    for _ in range(2000):
        playout.put(draw.choice([draw.randrange(400), draw.randrange(1 << 40)]), *[b"x"] * draw.randrange(1, 9))
        packet = playout.take(due=draw.random() < 0.3)
        taken.append(packet)
        assert playout.held <= MOST_HELD
    assert any(isinstance(one, bytes) for one in taken)
