"""How evenly the codebooks are used, and how much the decoder depends on the codes.

    python benchmarks/latents.py REFERENCES.csv -o docs/benchmarks/latents

For each codebook: share of entries in use over all references, perplexity, and entropy of the codes beside their fixed
length. For the WaveNet: bits per sample with the right latents, and how many more with those of another stretch of
speech (the latent gap; both quantised codebook by codebook, as in training). A gap near zero would mean that the
decoder ignores the latents. Needs the extra `train`.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import json
import math
from pathlib import Path

import numpy as np
import speech
import torch

from sottovoce.models import release
from sottovoce.models.speech_table import read_table
from sottovoce.models.training.restore import restore
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.training.tasks import DecoderObjective

CROP_STEPS = 60  # latent steps of a stretch: 2.4 s
CONTEXT = 16


def usage(codes: np.ndarray, bits: tuple[int, ...]) -> list[dict[str, float]]:
    """Return the figures of each codebook; codes (steps, books)."""
    found = []
    for book, width in enumerate(bits):
        p = np.bincount(codes[:, book], minlength=2**width) / len(codes)
        entropy = float(-(p[p > 0] * np.log2(p[p > 0])).sum())
        used = float((p > 0).mean())
        found.append({"bits": width, "used": used, "perplexity": 2**entropy, "entropy": entropy})
    return found


def encoded(model: release.Release, waves: list[np.ndarray], books: int) -> np.ndarray:
    """Return codes (steps, books) of all recordings."""
    codes = []
    for wave in waves:
        encoder = model.encoder(books)
        codes += [encoder.push(wave), encoder.finish()]
    return np.concatenate(codes)


def latent_gap(model: release.Release, waves: list[np.ndarray], books: int) -> dict[str, float]:
    """Return bits per sample with the right latents, and the gap to wrong ones, over stretches of all recordings."""
    network = restore(model)
    task = DecoderObjective(network, DEFAULTS | {"context": CONTEXT, "steps_per_crop": CROP_STEPS - CONTEXT - 2})
    length = CROP_STEPS * model.step
    crops = torch.from_numpy(np.stack([w[:length] for w in waves if len(w) >= length]))
    # shuffled, as neighbours in the table are of one speaker
    crops = crops[torch.randperm(len(crops), generator=torch.Generator().manual_seed(0))]
    totals: list[tuple[int, dict[str, float]]] = []
    for wave in crops.tensor_split(max(1, len(crops) // 8)):
        shape = (len(wave), CROP_STEPS)
        batch = {
            "wave": wave,
            "reference": wave,
            "preset": torch.full((len(wave),), network.preset_books.index(books)),
            "moves": torch.zeros(shape, dtype=torch.long),
            "latent_noise": torch.zeros(len(wave), network.encoder_latent, CROP_STEPS),
            "past_noise": torch.zeros_like(wave),
        }
        totals.append((len(wave), {key: float(value) for key, value in task.latent_gap(batch).items()}))
    return {
        "stretches": len(crops),
        "bits_per_sample": sum(count * t["dev_bits"] for count, t in totals) / len(crops),
        "latent_gap": sum(count * t["latent_gap"] for count, t in totals) / len(crops),
    }


def main() -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("references", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("latents"))
    parser.add_argument("--preset", default="default")
    args = parser.parse_args()
    model = release.load()
    waves = [speech.read(args.references.parent / row["path"]) for row in read_table(args.references, "path")]
    # the encoder searches only the codebooks that are sent: each preset has its own codes
    codes = {preset.name: encoded(model, waves, preset.books) for preset in model.presets.values()}
    books = {preset.name: usage(codes[preset.name], preset.bits) for preset in model.presets.values()}
    gap = latent_gap(model, waves, model.presets[args.preset].books)
    steps = len(codes[args.preset])
    result = {"model": model.card["sha256"], "steps": steps, "preset": args.preset, "books": books, **gap}
    args.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    lines_out = [
        f"{steps} latent steps of {len(waves)} recordings, model {model.id.hex()}. Preset `{args.preset}`: "
        f"{gap['bits_per_sample']:.3f} bits per sample, latent gap {gap['latent_gap']:.3f} bits per sample.",
    ]
    for preset in model.presets.values():
        entropy = math.fsum(b["entropy"] for b in books[preset.name])
        lines_out += [
            f"\n`{preset.name}`: {sum(preset.bits)} bits per step, order-0 entropy {entropy:.1f}.\n",
            "| book | bits | entries used | perplexity | entropy, bits |",
            "| ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {i + 1} | {b['bits']} | {100 * b['used']:.1f} % | {b['perplexity']:.0f} | {b['entropy']:.2f} |"
                for i, b in enumerate(books[preset.name])
            ),
        ]
    args.output.with_suffix(".md").write_text("\n".join(lines_out) + "\n")
    print("\n".join(lines_out))


if __name__ == "__main__":
    main()
