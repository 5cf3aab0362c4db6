"""Memory and processor time of half an hour of streaming.

    python benchmarks/streaming.py [minutes] | tee docs/benchmarks/streaming.txt

The speech of samples/ is repeated through a StreamEncoder and a StreamDecoder, in pieces of random size.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.stream import StreamDecoder, StreamEncoder

SAMPLES = Path(__file__).parents[1] / "samples"
RATE = 16000


def resident() -> float:
    """Return the resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    codec = Codec.load()
    pieces = []
    for path in sorted(SAMPLES.glob("*.wav")) + sorted(SAMPLES.glob("*.flac")):
        with open_sound(str(path), RATE) as sound:
            pieces += list(sound)
    speech = np.concatenate(pieces)
    random = np.random.default_rng(0)
    encoder = StreamEncoder(codec.model, codec.preset)
    decoder = StreamDecoder(encoder.header)
    encoding = decoding = 0.0
    least, most = np.inf, 0.0
    print("minute  memory, MB     encoding, RTF  decoding")
    for minute in range(minutes):
        goal = (minute + 1) * 60 * RATE
        while encoder.samples < goal:
            at = encoder.samples % (len(speech) - 4000)
            piece = speech[at : at + int(random.integers(1, 4000))]
            start = time.perf_counter()
            packets = encoder.push(piece)
            encoding += time.perf_counter() - start
            start = time.perf_counter()
            for packet in packets:
                decoder.push(packet)
            decoding += time.perf_counter() - start
        memory, seconds = resident(), encoder.samples / RATE
        print(f"{minute + 1:6d} {memory:11.1f} {encoding / seconds:23.3f} {decoding / seconds:9.3f}", flush=True)
        if minute:  # the first one loads and warms up
            least, most = min(least, memory), max(most, memory)
    print(f"from the second minute on, memory was between {least:.1f} and {most:.1f} MB")


if __name__ == "__main__":
    main()
