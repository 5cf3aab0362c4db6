import numpy as np

from sottovoce.codec.live.player import MARGIN, Player

PACKET, RATE = 640, 16000


class Decoder:
    """Gives back a packet's number as samples, a packet late."""

    packet_samples, sample_rate = PACKET, RATE

    def __init__(self):
        self.late = None

    def fits(self, packet):
        return len(packet) == 1

    def push(self, packet):
        ready = np.zeros(0, np.int16) if self.late is None else np.full(PACKET, self.late, np.int16)
        self.late = -1 if packet is None else packet[0]
        return ready

    def finish(self):
        return np.full(PACKET, self.late, np.int16)


class Output:
    def __init__(self):
        self.fill = 0
        self.played, self.firsts = [], []

    def write(self, wave, first):
        self.played.append(int(wave[0]))
        self.firsts.append(first)
        self.fill += len(wave)


def test_what_is_there_is_played_at_once():
    output = Output()
    listener = Player(Decoder(), output)
    for number in (0, 2, 1):
        listener.put(number, bytes([number]))
        listener.pump()
    assert output.played == [0, 1] and output.firsts == [0, PACKET]
    listener.finish()
    assert output.played == [0, 1, 2]
    assert (listener.concealed, listener.decoded) == (0, 3 * PACKET / RATE)


def test_what_is_missing_is_made_up_when_little_is_left_to_play():
    output = Output()
    listener = Player(Decoder(), output)
    for number in (0, 1, 3):
        listener.put(number, bytes([number]))
    listener.pump()
    assert output.played == [0]
    output.fill = round(MARGIN * RATE)
    listener.pump()
    assert output.played == [0]
    output.fill -= 1
    listener.pump()
    assert output.played == [0, 1, -1] and listener.concealed == 1


def test_nothing_is_made_up_before_the_first_sound():
    output = Output()
    listener = Player(Decoder(), output)
    listener.pump()
    listener.put(5, b"\5")
    listener.pump()
    listener.pump()
    assert output.played == [] and listener.concealed == 0


def test_what_comes_late_keeps_its_number():
    output = Output()
    listener = Player(Decoder(), output)
    for number in (0, 1):
        listener.put(number, bytes([number]))
    listener.pump()
    output.fill = 0
    listener.pump()  # 1, and something is made up
    assert output.played == [0, 1]
    listener.put(2, b"\2")
    listener.put(3, b"\3")
    listener.pump()
    assert output.played == [0, 1, -1, 2]
    assert output.firsts[-1] == 2 * PACKET  # played a packet later, it is still the third one


def test_what_is_no_packet_is_as_good_as_lost():
    output = Output()
    listener = Player(Decoder(), output)
    listener.put(0, b"much too long")
    listener.put(1, b"")
    assert listener.playout.held == 0


def test_a_datagram_with_one_packet_that_is_none_is_left_out():
    listener = Player(Decoder(), Output())
    listener.put(1, b"\1", b"much too long")
    listener.put(1)
    assert listener.playout.held == 0
    listener.put(2, None, b"\1")
    assert listener.playout.held == 1


def test_what_waits_behind_a_gap_is_played_at_the_end():
    output = Output()
    listener = Player(Decoder(), output)
    for number in (0, 1, 4):
        listener.put(number, bytes([number]))
    listener.pump()
    listener.finish()
    assert output.played == [0, 1, -1, -1, 4]
    assert (listener.concealed, listener.playout.lost) == (2, 2)


def test_all_that_is_decoded_can_be_kept_and_nothing_else():
    kept = []
    output = Output()
    listener = Player(Decoder(), output, keep=kept.append)
    for number in (0, 1):
        listener.put(number, bytes([number]))
    listener.pump()
    output.fill = 0
    listener.pump()  # made up, so that what comes after has a number below its place
    listener.put(2, b"\2")
    listener.pump()
    assert [int(wave[0]) for wave in kept if len(wave)] == output.played == [0, 1, -1]
