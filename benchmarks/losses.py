"""ESTOI of a live stream with lost packets, at every preset and several rates of loss in bursts.

    python benchmarks/losses.py speech/valid.csv | tee docs/benchmarks/losses.txt

ESTOI is printed as a value and relative to the stream without losses. Clicks would show as jumps between neighbouring
samples that are larger than any in speech: the table has the largest jump of each stream relative to the largest one of
the recording, as a mean and for the worst recording.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import argparse
import tempfile
from pathlib import Path

import numpy as np
from pystoi import stoi

from sottovoce.codec import Codec
from sottovoce.codec.evaluation.references import find
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.offline.damage import BurstLoss
from sottovoce.codec.stream import StreamDecoder, StreamEncoder
from sottovoce.codec.voice.tracker import voice_of

LOSSES = (0.05, 0.1, 0.2)
BURST = 3.0
RATE = 16000


def decoded(header: bytes, packets: list[bytes | None], samples: int) -> np.ndarray:
    decoder = StreamDecoder(header)
    wave = np.concatenate([*(decoder.push(packet) for packet in packets), decoder.finish()])
    return wave[:samples] / 32768


def jump(wave: np.ndarray) -> float:
    return float(np.abs(np.diff(wave)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", help="a folder, or a CSV with a column path")
    parser.add_argument("--presets", default="low,default,high,max")
    parser.add_argument("--every", type=int, default=1, help="use every n-th recording")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = find(how.recordings, Path(folder))[:: how.every]
    print(f"{len(found)} recordings, packets of 40 ms lost in bursts of {BURST:g} on average")
    print(f"{'preset':>8} {'loss':>5} {'lost':>6} {'ESTOI':>6} {'of clean':>9} {'largest jump':>13} {'worst':>9}")
    for preset in how.presets.split(","):
        codec = Codec.load(preset=preset)
        scores: dict[float, list[tuple[float, float, float]]] = {loss: [] for loss in (0.0, *LOSSES)}
        for number, recording in enumerate(found):
            with open_sound(str(recording.file), RATE) as sound:
                wave = np.concatenate(list(sound))
            encoder = StreamEncoder(codec.model, codec.preset, voice_of(wave, codec.model))
            packets = encoder.push(wave) + encoder.finish()
            for loss, rows in scores.items():
                loses = BurstLoss(loss, BURST, seed=number)
                link = [None if loses() else packet for packet in packets]
                received = decoded(encoder.header, link, len(wave))
                lost = sum(packet is None for packet in link) / len(link)
                rows.append((stoi(wave, received, RATE, extended=True), jump(received) / jump(wave), lost))
        clean = np.mean([estoi for estoi, _, _ in scores[0.0]])
        for loss, rows in scores.items():
            estoi, jumps, lost = np.array(rows).T
            print(
                f"{preset:>8} {loss:5.0%} {lost.mean():6.1%} {estoi.mean():6.3f} {estoi.mean() / clean:9.1%} "
                f"{jumps.mean():13.2f} {jumps.max():9.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
