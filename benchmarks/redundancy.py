"""Cost and effect of redundancy on lossy links: packets lost and concealed, bits per second, and delay.

    python benchmarks/redundancy.py | tee docs/benchmarks/redundancy.txt

Packets of samples/ at the preset default are packed as by `sotto send --redundancy N`, sent over a simulated link, and
played as by `sotto receive --buffer`: real datagrams, ordering, concealment and catching up, in simulated time and
without sockets and sound.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.live.catch_up import CatchUp
from sottovoce.codec.live.datagrams import Datagram, Kind, Packetizer, SequenceCounter
from sottovoce.codec.live.player import MARGIN, Player
from sottovoce.codec.live.simulated_link import Link, LinkSettings
from sottovoce.codec.stream import StreamEncoder

SAMPLES = Path(__file__).parents[1] / "samples"
RATE, SECONDS = 16000, 0.04
SIZE = round(SECONDS * RATE)
COUNT = 15_000  # packets: ten minutes
POLL = 0.005
HEADERS = 28  # bytes of IPv4 and UDP
REDUNDANCIES = (0, 1, 2, 3, 5)
LOSSES = (0.05, 0.1, 0.2)
JITTER_BUFFERS = (0.06, 0.2)
JITTERS = (0.0, 0.02)


class Decoder:
    """Decodes to silence: only times matter here."""

    packet_samples, sample_rate = SIZE, RATE

    def fits(self, packet: bytes) -> bool:
        return True

    def push(self, packet: bytes | None) -> np.ndarray:
        return np.zeros(SIZE, np.float32)


class Loudspeaker:
    """Plays in simulated time, and catches up as `Playback` does."""

    def __init__(self, lead: float) -> None:
        self.now = 0.0
        self.waited: list[float] = []  # seconds buffered at each write
        self._lead = lead
        self._until: float | None = None  # time at which the buffer runs empty
        self._trim = CatchUp(lead * RATE, RATE)

    @property
    def fill(self) -> int:
        return max(0, round(((self._until or 0.0) - self.now) * RATE))

    def start(self, silence: int) -> None:
        self._until = self.now + self._lead + silence / RATE

    def write(self, wave: np.ndarray, first: int) -> None:
        if self._until is None:
            self.start(0)
        self.waited.append(self.fill / RATE)
        kept = self._trim.push(wave, self.fill)
        self._until = max(self._until, self.now) + len(kept) / RATE


def stream() -> tuple[bytes, Iterator[bytes]]:
    """Return the header of a stream, and an endless iterator of packets."""
    codec = Codec.load()
    encoder = StreamEncoder(codec.model, codec.preset)
    packets = []
    for path in sorted(SAMPLES.glob("*.*")):
        if path.suffix in (".wav", ".flac"):
            with open_sound(str(path), RATE) as sound:
                packets += [packet for piece in sound for packet in encoder.push(piece)]
    return encoder.header, itertools.cycle(packets)


def sent(redundancy: int) -> list[list[Datagram]]:
    """Return the datagrams of each packet, and the goodbyes at the end."""
    header, packets = stream()
    outgoing = Packetizer(header, SECONDS, redundancy)
    datagrams = [outgoing.packet(number, packet) for number, packet in enumerate(itertools.islice(packets, COUNT))]
    return [*datagrams, [outgoing.goodbye()] * 3]


def played(datagrams: list[list[Datagram]], settings: LinkSettings, jitter_buffer: float) -> tuple[float, float, float]:
    """Return the shares of packets that were lost and concealed, and the mean seconds of buffered sound."""
    link, output, whole = Link(settings, seed=1), Loudspeaker(MARGIN + jitter_buffer), SequenceCounter()
    player = Player(Decoder(), output)  # type: ignore[arg-type]
    coming = iter(datagrams)
    for poll in range(round((len(datagrams) * SECONDS + 2 * jitter_buffer) / POLL)):
        output.now = poll * POLL
        if poll % round(SECONDS / POLL) == 0:
            for datagram in next(coming, []):
                if datagram.kind is not Kind.HELLO:
                    link.send(datagram.number, datagram.pack(), output.now)
        for _, data in link.receive(output.now):
            if arrived := Datagram.unpack(data):
                number = whole(arrived.number)
                player.put(number, *arrived.packets())
                if arrived.kind is Kind.GOODBYE:
                    player.jitter_buffer.end = number
        player.step()
    return player.jitter_buffer.lost / COUNT, player.concealed / COUNT, float(np.mean(output.waited))


def rates(datagrams: list[list[Datagram]]) -> tuple[float, float, float]:
    """Return bits per second of the packets, of the datagrams, and on the wire."""
    everything = list(itertools.chain(*datagrams))
    alone = sum(len(one.packets()[0] or b"") for one in everything if one.kind is not Kind.HELLO)
    packed = sum(len(one.pack()) for one in everything)
    alone, packed, wire = (8 * size / COUNT / SECONDS for size in (alone, packed, packed + HEADERS * len(everything)))
    return alone, packed, wire


def main() -> None:
    streams = {redundancy: sent(redundancy) for redundancy in REDUNDANCIES}
    print(f"{COUNT * SECONDS:.0f} s of packets of {1000 * SECONDS:.0f} ms at the preset default, in bit/s\n")
    print(f"redundancy  packets  datagrams  on the wire, with {HEADERS} bytes of IPv4 and UDP headers")
    for redundancy, datagrams in streams.items():
        alone, packed, wire = rates(datagrams)
        print(f"{redundancy:10d}  {alone:7.0f}  {packed:9.0f}  {wire:11.0f}")
    print("\nburst: datagrams lost in a row, mean (1: never two, chance: independent losses); jitter, buffer in ms")
    print("lost: packets never received, in %; concealed: packets lost or late, in %; queue: buffered sound when more")
    print("arrives, mean in ms; each at redundancy " + ", ".join(map(str, REDUNDANCIES)) + "\n")
    columns = [f"{name:>{7 * len(REDUNDANCIES)}}" for name in ("lost", "concealed", "queue")]
    print("loss   burst  jitter    buffer" + "".join(columns))
    for loss in LOSSES:
        bursts = {"1": 1.0, "chance": 1 / (1 - loss), "3": 3.0}
        for (name, burst), jitter, jitter_buffer in itertools.product(bursts.items(), JITTERS, JITTER_BUFFERS):
            settings = LinkSettings(loss, burst, jitter=jitter)
            found = np.array([played(datagrams, settings, jitter_buffer) for datagrams in streams.values()])
            cells = [
                *(f"{100 * part:7.2f}" for part in found[:, :2].T.flat),
                *(f"{1000 * s:7.0f}" for s in found[:, 2]),
            ]
            head = f"{loss:4.0%}  {name:>6}  {1000 * jitter:6.0f}  {1000 * jitter_buffer:8.0f}"
            print(head + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
