"""Metrics at several settings of the decoder: contrast, envelope passes and temperature.

    python benchmarks/tune.py SPEECH/train -o docs/benchmarks/tuned

Uses recordings of the speakers that `sotto prepare` holds out of training (never those of the validation set). Encodes
each once, decodes it with every variant of the card's `decoding` table, and writes OUTPUT.json and OUTPUT.md.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from sottovoce.codec.api import Codec
from sottovoce.codec.evaluation import perceptual, pitch, speaker, waves
from sottovoce.codec.evaluation.alignment import align
from sottovoce.codec.evaluation.metrics import METRICS, Figures, Reference
from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.models.runtime.contrast import CONTRAST_BITS
from sottovoce.models.training.shards import held_out, list_utterances
from sottovoce.models.wavenet.units import INVERSE_TEMPERATURE_BITS

SECONDS = (2, 8)
CHOSEN = {"contrast": 0.25, "envelope_passes": 3, "voiced_temperature": 1.0, "unvoiced_temperature": 1.0}
VARIANTS = [
    *(CHOSEN | {"contrast": contrast} for contrast in (0.0, 0.15, 0.25, 0.4)),
    *(CHOSEN | {"envelope_passes": passes} for passes in (0, 1, 2, 4)),
    *(CHOSEN | {"voiced_temperature": temperature} for temperature in (0.9, 0.8)),
]
TITLES = ("contrast", "passes", "voiced T", "unvoiced T")  # of CHOSEN's keys


def recordings(folder: Path, count: int) -> list[Path]:
    """Return recordings of the held-out speakers, one of each in turn."""
    utterances = list_utterances(folder.resolve())
    held = held_out(utterance.speaker for utterance in utterances)
    spoken: dict[str, list[Path]] = {}
    for utterance in utterances:
        if utterance.speaker in held and SECONDS[0] < soundfile.info(utterance.path).duration < SECONDS[1]:
            spoken.setdefault(utterance.speaker, []).append(utterance.path)
    longest = max(map(len, spoken.values()))
    rounds = [paths[i] for i in range(longest) for _, paths in sorted(spoken.items()) if i < len(paths)]
    return rounds[:count]


def settings(variant: dict[str, float]) -> dict[str, int]:
    """Return a variant in the units of a release's metadata."""
    return {
        "contrast": round(2**CONTRAST_BITS * variant["contrast"]),
        "envelope_passes": round(variant["envelope_passes"]),
        "voiced_sharpness": round(2**INVERSE_TEMPERATURE_BITS / variant["voiced_temperature"]),
        "unvoiced_sharpness": round(2**INVERSE_TEMPERATURE_BITS / variant["unvoiced_temperature"]),
    }


def measure(reference: Reference, decoded: Wave) -> Figures:
    """Return the fast metrics of an evaluation: those that need no network but the speaker's."""
    f0 = pitch.pitch(decoded)
    return {
        "pesq_wb": perceptual.pesq(reference.wave, decoded, "wb"),
        "stoi": perceptual.stoi(reference.wave, decoded, extended=False),
        "estoi": perceptual.stoi(reference.wave, decoded, extended=True),
        "speaker": speaker.similarity(reference.voice, speaker.voice(decoded)),
        "f0": pitch.semitones(reference.f0, f0),
        "voicing": pitch.voicing(reference.f0, f0),
    }


def mean(found: list[Figures]) -> dict[str, float]:
    """Return the means of the figures that are known."""
    return {key: float(np.mean([figures[key] for figures in found if figures[key] is not None])) for key in found[0]}


def main() -> None:
    """Run all variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("tuned"))
    parser.add_argument("--count", type=int, default=16, help="recordings")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--model", default="default", help="name, or path of the weights")
    args = parser.parse_args()
    codec = Codec.load(model=args.model, preset=args.preset)
    coded = []
    for path in recordings(args.speech, args.count):
        wave = waves.read(path)
        coded.append((Reference(wave), codec.encode(wave, codec.sample_rate)))
    rows = []
    for variant in VARIANTS:
        codec.model.network.config["decoding"] |= settings(variant)
        found = [measure(reference, align(codec.decode(data), 0, reference.wave)) for reference, data in coded]
        rows.append(variant | mean(found))
        print(rows[-1], file=sys.stderr, flush=True)
    result = {"model": codec.model.card["sha256"], "preset": args.preset, "recordings": len(coded), "variants": rows}
    args.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    measured = {key: metric for key, metric in METRICS.items() if key in rows[0]}
    head = [*TITLES, *(metric.title for metric in measured.values())]
    lines = [" | ".join(head), " | ".join("---:" for _ in head)]
    for row in rows:
        shown = [f"{row[key]:.{metric.digits}f}" for key, metric in measured.items()]
        lines.append(" | ".join([*(f"{row[key]:g}" for key in CHOSEN), *shown]))
    about = f"{len(coded)} recordings of speakers held out of training, preset `{args.preset}`, "
    about += f"model {codec.model.id.hex()}."
    args.output.with_suffix(".md").write_text(about + "\n\n" + "\n".join(f"| {line} |" for line in lines) + "\n")


if __name__ == "__main__":
    main()
