"""How the decoder's settings sound: temperature and envelope passes, on speakers held out of training.

    python benchmarks/tune.py SPEECH/train -o docs/tuned

Takes recordings of the speakers that `sotto prepare` keeps from training (never those of the validation set), encodes
each once, decodes it with every variant of the card's `decoding` table, and writes OUTPUT.json and OUTPUT.md.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import json
import sys
from pathlib import Path

import metrics
import numpy as np
import soundfile
import speech

from sottovoce.models import release
from sottovoce.models.training.shards import is_dev, list_utterances
from sottovoce.models.wavenet.units import TEMPER_BITS

SECONDS = (2, 8)
VARIANTS = [
    {"voiced_temperature": voiced, "unvoiced_temperature": unvoiced, "envelope_passes": passes}
    for passes in (0, 2)
    for voiced, unvoiced in ((1.0, 1.0), (0.9, 1.0), (0.8, 1.0), (0.65, 1.0), (0.9, 0.9))
] + [{"voiced_temperature": 1.0, "unvoiced_temperature": 1.0, "envelope_passes": passes} for passes in (1, 3)]


def recordings(folder: Path, count: int) -> list[Path]:
    """One recording after another of each held-out speaker in turn."""
    spoken: dict[str, list[Path]] = {}
    for utterance in list_utterances(folder.resolve()):
        if is_dev(utterance.speaker) and SECONDS[0] < soundfile.info(utterance.path).duration < SECONDS[1]:
            spoken.setdefault(utterance.speaker, []).append(utterance.path)
    longest = max(map(len, spoken.values()))
    rounds = [paths[i] for i in range(longest) for _, paths in sorted(spoken.items()) if i < len(paths)]
    return rounds[:count]


def sharpness(temperature: float) -> int:
    """Inverse temperature in the card's unit."""
    return round(2**TEMPER_BITS / temperature)


def main() -> None:
    """Run all variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("tuned"))
    parser.add_argument("--count", type=int, default=16, help="recordings")
    parser.add_argument("--preset", default="default")
    args = parser.parse_args()
    model = release.load()
    books = model.presets[args.preset].books
    coded = []
    for path in recordings(args.speech, args.count):
        wave = speech.read(path)
        encoder = model.encoder()
        codes = np.concatenate((encoder.push(wave), encoder.finish()))
        coded.append((metrics.refer(wave), codes[:, :books], model.speaker(wave)))
    rows = []
    for variant in VARIANTS:
        model.network.config["decoding"] |= {
            "voiced_sharpness": sharpness(variant["voiced_temperature"]),
            "unvoiced_sharpness": sharpness(variant["unvoiced_temperature"]),
            "envelope_passes": variant["envelope_passes"],
        }
        found = []
        for reference, codes, speaker in coded:
            decoder = model.decoder(speaker)
            wave = np.concatenate((decoder.push(codes), decoder.finish())).astype(np.float32) / 32768
            found.append(metrics.measure(reference, metrics.align(wave, 0, reference.wave)))
        means = {key: float(np.mean([f[key] for f in found if f[key] is not None])) for key in metrics.METRICS}
        rows.append(variant | means)
        print(rows[-1], file=sys.stderr, flush=True)
    result = {"model": model.card["sha256"], "preset": args.preset, "recordings": len(coded), "variants": rows}
    args.output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    head = ["voiced T", "unvoiced T", "passes", *(m.title for m in metrics.METRICS.values())]
    lines = [" | ".join(head), " | ".join("---:" for _ in head)]
    for row in rows:
        shown = [f"{row[key]:.{metric.digits}f}" for key, metric in metrics.METRICS.items()]
        settings = [row["voiced_temperature"], row["unvoiced_temperature"], row["envelope_passes"]]
        lines.append(" | ".join([*map(str, settings), *shown]))
    about = f"{len(coded)} recordings of speakers held out of training, preset `{args.preset}`, model {model.id.hex()}."
    args.output.with_suffix(".md").write_text(about + "\n\n" + "\n".join(f"| {line} |" for line in lines) + "\n")


if __name__ == "__main__":
    main()
