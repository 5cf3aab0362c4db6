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

    def start(self, silence):
        self.fill += silence

    def write(self, wave, first):
        self.played.append(int(wave[0]))
        self.firsts.append(first)
        self.fill += len(wave)


def test_what_is_there_is_played_at_once():
    output = Output()
    player = Player(Decoder(), output)
    for number in (0, 2, 1):
        player.put(number, bytes([number]))
        player.step()
    assert output.played == [0, 1] and output.firsts == [0, PACKET]
    player.finish()
    assert output.played == [0, 1, 2]
    assert (player.concealed, player.seconds) == (0, 3 * PACKET / RATE)


def test_what_is_missing_is_made_up_when_little_is_left_to_play():
    output = Output()
    player = Player(Decoder(), output)
    for number in (0, 1, 3):
        player.put(number, bytes([number]))
    player.step()
    assert output.played == [0]
    output.fill = round(MARGIN * RATE)
    player.step()
    assert output.played == [0]
    output.fill -= 1
    player.step()
    assert output.played == [0, 1, -1] and player.concealed == 1


def test_nothing_is_concealed_before_the_jitter_buffer_has_run_out():
    output = Output()
    player = Player(Decoder(), output)
    player.step()
    player.put(5, b"\5")
    player.step()
    player.step()
    assert output.fill == PACKET and output.played == [] and player.concealed == 0


def test_a_packet_lost_at_the_start_is_concealed_when_the_jitter_buffer_has_run_out():
    output = Output()
    player = Player(Decoder(), output)
    for number in (0, 2, 3):
        player.put(number, bytes([number]))
    player.step()
    assert output.played == []
    output.fill = round(MARGIN * RATE) - 1
    player.step()
    assert output.played == [0, -1, 2]
    assert (player.concealed, player.jitter_buffer.lost) == (1, 1)


def test_what_comes_late_keeps_its_number():
    output = Output()
    player = Player(Decoder(), output)
    for number in (0, 1):
        player.put(number, bytes([number]))
    player.step()
    output.fill = 0
    player.step()  # 1, and something is made up
    assert output.played == [0, 1]
    player.put(2, b"\2")
    player.put(3, b"\3")
    player.step()
    assert output.played == [0, 1, -1, 2]
    assert output.firsts[-1] == 2 * PACKET  # played a packet later, it is still the third one


def test_what_is_no_packet_is_as_good_as_lost():
    output = Output()
    player = Player(Decoder(), output)
    player.put(0, b"much too long")
    player.put(1, b"")
    assert player.jitter_buffer.buffered == 0


def test_a_datagram_with_one_packet_that_is_none_is_left_out():
    player = Player(Decoder(), Output())
    player.put(1, b"\1", b"much too long")
    player.put(1)
    assert player.jitter_buffer.buffered == 0
    player.put(2, None, b"\1")
    assert player.jitter_buffer.buffered == 1


def test_what_waits_behind_a_gap_is_played_at_the_end():
    output = Output()
    player = Player(Decoder(), output)
    for number in (0, 1, 4):
        player.put(number, bytes([number]))
    player.step()
    player.finish()
    assert output.played == [0, 1, -1, -1, 4]
    assert (player.concealed, player.jitter_buffer.lost) == (2, 2)


def test_all_that_is_decoded_can_be_kept_and_nothing_else():
    kept = []
    output = Output()
    player = Player(Decoder(), output, on_decoded=kept.append)
    for number in (0, 1):
        player.put(number, bytes([number]))
    player.step()
    output.fill = 0
    player.step()  # made up, so that what comes after has a number below its place
    player.put(2, b"\2")
    player.step()
    assert [int(wave[0]) for wave in kept if len(wave)] == output.played == [0, 1, -1]
