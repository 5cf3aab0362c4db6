import random

import pytest

from sottovoce.codec.live.jitter_buffer import MAX_BUFFERED, MAX_CONCEALED, MAX_OUT_OF_RANGE, Gap, JitterBuffer


def put(jitter_buffer: JitterBuffer, *numbers: int) -> None:
    for number in numbers:
        jitter_buffer.put(number, bytes([number % 256]))


def played(jitter_buffer: JitterBuffer, count: int, due: bool = False) -> list:
    """What comes next: numbers of packets, or gaps."""
    taken = [jitter_buffer.get(due=due) for _ in range(count)]
    return [one if isinstance(one, Gap) else one[0] for one in taken]


def test_in_order_whatever_the_order():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0, 2, 3, 1, 1)
    assert played(jitter_buffer, 5) == [0, 1, 2, 3, Gap.WAIT]
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.shift) == (0, 0, 0)


def test_a_missing_one_is_waited_for_until_it_is_due():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 7, 9)
    assert played(jitter_buffer, 2) == [7, Gap.WAIT]
    assert played(jitter_buffer, 2, due=True) == [Gap.CONCEAL, 9]
    put(jitter_buffer, 8)
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.shift) == (1, 1, 0)


def test_what_was_late_is_played_after_what_was_made_up():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0)
    assert played(jitter_buffer, 3, due=True) == [0, Gap.CONCEAL, Gap.CONCEAL]
    put(jitter_buffer, 1, 2)
    assert played(jitter_buffer, 3) == [1, 2, Gap.WAIT]
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.shift) == (0, 0, 2)


def test_what_was_lost_stands_where_it_was_made_up():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0)
    assert played(jitter_buffer, 3, due=True) == [0, Gap.CONCEAL, Gap.CONCEAL]
    put(jitter_buffer, 3, 4)
    assert played(jitter_buffer, 3) == [3, 4, Gap.WAIT]
    assert (jitter_buffer.lost, jitter_buffer.shift) == (2, 0)
    put(jitter_buffer, 6)
    played(jitter_buffer, 1, due=True)
    assert played(jitter_buffer, 1) == [6]


def test_nothing_is_made_up_for_ever_nor_after_the_end():
    jitter_buffer = JitterBuffer()
    assert jitter_buffer.get(due=True) is Gap.WAIT
    put(jitter_buffer, 0)
    assert played(jitter_buffer, MAX_CONCEALED + 2, due=True) == [0] + [Gap.CONCEAL] * MAX_CONCEALED + [Gap.WAIT]
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0)
    jitter_buffer.end = 1
    assert played(jitter_buffer, 2, due=True) == [0, Gap.WAIT] and jitter_buffer.done


def test_a_number_far_away_is_believed_when_it_stays_there():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0, MAX_BUFFERED + 9, 1)
    assert played(jitter_buffer, 3) == [0, 1, Gap.WAIT]
    far = 10_000
    put(jitter_buffer, *range(far, far + MAX_OUT_OF_RANGE + 1))
    assert played(jitter_buffer, 3)[:2] == [(far + MAX_OUT_OF_RANGE - 1) % 256, (far + MAX_OUT_OF_RANGE) % 256]
    put(jitter_buffer, *range(100, 100 + MAX_OUT_OF_RANGE + 1))
    assert played(jitter_buffer, 1) == [(100 + MAX_OUT_OF_RANGE - 1) % 256]


def bring(jitter_buffer: JitterBuffer, number: int, copies: int) -> None:
    """Put a datagram with a packet and those before it."""
    jitter_buffer.put(number, *(bytes([(number - back) % 256]) for back in range(copies + 1)))


def test_copies_of_what_was_played_are_nothing():
    jitter_buffer = JitterBuffer()
    for number in range(2 * MAX_OUT_OF_RANGE):
        bring(jitter_buffer, number + 8, 8)
        assert played(jitter_buffer, 1) == [number]
    assert played(jitter_buffer, 9) == [*range(2 * MAX_OUT_OF_RANGE, 2 * MAX_OUT_OF_RANGE + 8), Gap.WAIT]
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.recovered) == (
        0,
        0,
        8,
    )  # those before the first that was heard


def test_a_copy_stands_for_what_was_lost():
    jitter_buffer = JitterBuffer()
    bring(jitter_buffer, 0, 0)
    bring(jitter_buffer, 3, 2)
    put(jitter_buffer, 2)
    assert played(jitter_buffer, 5) == [0, 1, 2, 3, Gap.WAIT]
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.recovered) == (0, 0, 2)


def test_a_copy_that_is_late_counts_once():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0, 2)
    assert played(jitter_buffer, 3, due=True) == [0, Gap.CONCEAL, 2]
    bring(jitter_buffer, 3, 2)
    bring(jitter_buffer, 4, 3)
    put(jitter_buffer, 1, 2)
    assert played(jitter_buffer, 2) == [3, 4]
    assert (jitter_buffer.lost, jitter_buffer.late, jitter_buffer.recovered) == (1, 1, 0)


def test_the_first_datagram_may_bring_earlier_packets():
    jitter_buffer = JitterBuffer()
    bring(jitter_buffer, 12, 2)
    assert played(jitter_buffer, 4) == [10, 11, 12, Gap.WAIT]


def test_copies_neither_hasten_nor_hinder_a_jump():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 1000)
    for number in range(MAX_OUT_OF_RANGE - 1):
        bring(jitter_buffer, number + 9, 8)
    assert played(jitter_buffer, 2) == [1000 % 256, Gap.WAIT]
    bring(jitter_buffer, MAX_OUT_OF_RANGE + 8, 8)
    assert played(jitter_buffer, 2) == [MAX_OUT_OF_RANGE + 8, Gap.WAIT]


def test_a_goodbye_brings_the_last_ones():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 5)
    jitter_buffer.put(8, None, b"\7", b"\6")
    jitter_buffer.end = 8
    assert played(jitter_buffer, 3) == [5, 6, 7] and jitter_buffer.done
    assert (jitter_buffer.lost, jitter_buffer.recovered) == (0, 2)


def test_what_is_missing_at_the_end_is_made_up_once():
    jitter_buffer = JitterBuffer()
    put(jitter_buffer, 0)
    assert played(jitter_buffer, 2, due=True) == [0, Gap.CONCEAL]
    jitter_buffer.end = 3
    assert played(jitter_buffer, 3, due=True) == [Gap.CONCEAL, Gap.WAIT, Gap.WAIT] and jitter_buffer.done
    assert (jitter_buffer.lost, jitter_buffer.shift) == (2, 0)


@pytest.mark.parametrize("seed", range(20))
def test_any_packets_in_any_order_are_borne(seed):
    draw = random.Random(seed)
    jitter_buffer = JitterBuffer()
    taken = []
    for _ in range(2000):
        jitter_buffer.put(draw.choice([draw.randrange(400), draw.randrange(1 << 40)]), *[b"x"] * draw.randrange(1, 9))
        packet = jitter_buffer.get(due=draw.random() < 0.3)
        taken.append(packet)
        assert jitter_buffer.buffered <= MAX_BUFFERED
    assert any(isinstance(one, bytes) for one in taken)
