"""Cost and effect of parity: share of blocks that stay lost at several rates of damage.

    python benchmarks/protection.py speech/valid.csv | tee docs/benchmarks/protection.txt

The recordings are joined to one of a few minutes. Its bits are flipped, or its blocks erased in bursts, parity records
and second header included. A block counts as lost if it has to be concealed or is missing. No sound is decoded.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import argparse
import io
import tempfile
from pathlib import Path

import numpy as np

from sottovoce.codec import Codec
from sottovoce.codec.bits import BLOCK_STEPS, Reader
from sottovoce.codec.evaluation.references import find
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.models import blocks_of
from sottovoce.codec.offline.damage import damaged

PROTECTIONS = (0, 1, 2, 4, 8)
ERRORS = (1e-5, 1e-4, 3e-4, 1e-3)
LOSSES = (0.05, 0.1, 0.2)
BURST = 3.0


def lost(codec: Codec, data: bytes) -> float:
    """Return the share of a file's steps that is damaged or missing."""
    reader = Reader(io.BytesIO(data))
    steps = sum(block.steps for block in blocks_of(reader, codec.model, codec.preset)) + reader.missing_steps
    return (reader.damaged_steps + reader.missing_steps) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", help="a folder, or a CSV with a column path")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seeds", type=int, default=40, help="repetitions of each damage")
    how = parser.parse_args()
    codec = Codec.load(preset=how.preset)
    with tempfile.TemporaryDirectory() as folder:
        waves: list[np.ndarray] = []
        for recording in find(how.recordings, Path(folder)):
            with open_sound(str(recording.file), codec.sample_rate) as sound:
                waves += list(sound)
            if sum(map(len, waves)) >= how.minutes * 60 * codec.sample_rate:
                break
    wave = np.concatenate(waves)[: round(how.minutes * 60 * codec.sample_rate)]
    seconds = len(wave) / codec.sample_rate
    files = {protect: codec.encode(wave, codec.sample_rate, protect=protect) for protect in PROTECTIONS}
    blocks = -(-len(wave) // (codec.model.step * BLOCK_STEPS))
    print(f"preset {how.preset}, {seconds / 60:.1f} minutes in {blocks} blocks; each damage repeated {how.seeds} times")
    print(f"blocks that stay lost, at rates of wrong bits and of blocks lost in bursts of {BURST:g} on average\n")
    head = "".join(f"{errors:>9.0e}" for errors in ERRORS) + "".join(f"{loss:>9.0%}" for loss in LOSSES)
    print(f"protect  bytes  more  bit/s{head}")
    for protect, data in files.items():
        harms = [{"errors": errors} for errors in ERRORS] + [{"loss": loss, "burst": BURST} for loss in LOSSES]
        parts = [
            np.mean([lost(codec, damaged(data, seed=seed, **harm)) for seed in range(how.seeds)]) for harm in harms
        ]
        more = len(data) / len(files[0]) - 1
        cells = "".join(f"{part:9.2%}" for part in parts)
        print(f"{protect:7d} {len(data):6d} {more:5.1%} {8 * len(data) / seconds:6.0f}{cells}", flush=True)


if __name__ == "__main__":
    main()
