"""What each choice of the first stage is worth: small networks that differ in one thing (ablations.toml).

    python benchmarks/ablations.py train SHARDS RUNS --steps 2500 [--only NAME] [-j 2]
    python benchmarks/ablations.py measure SPEECH/train RUNS -o docs/ablations

`train` leaves a run folder for each; one that is finished is kept. `measure` makes audible, by Griffin-Lim, what the
codes of each say of recordings of speakers held out of training, and writes OUTPUT.json and OUTPUT.md.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import json
import multiprocessing
import tomllib
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tune import recordings

from sottovoce.codec.evaluation import perceptual, speaker
from sottovoce.codec.evaluation.alignment import align
from sottovoce.codec.evaluation.peers.griffin_lim import griffin_lim
from sottovoce.codec.evaluation.waves import read
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.model import SpeechModel
from sottovoce.models.training import run, spectra

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def configuration(name: str, **changes: Any) -> dict[str, Any]:
    """The config of a variant."""
    config = run.read_config("default")
    for dotted, value in (TABLE["base"] | TABLE["variants"][name].get("set", {}) | changes).items():
        *tables, key = dotted.split(".")
        place = config
        for table in tables:
            place = place[table]
        place[key] = value
    return config


def train_one(name: str, shards: Path, runs: Path, steps: int) -> str:
    """Train a variant, or go on with it."""
    torch.set_num_threads(1)
    folder = runs / name
    settings = {"shards": str(shards), "out": str(folder), "steps": steps, "log_every": 100, "check_every": 500}
    config = configuration(name, **{f"stage.spectrum.{key}": value for key, value in settings.items()})
    config["stage"]["spectrum"].pop("start", None)
    if not (folder / "weights.safetensors").exists():
        run.train_stage(config, "spectrum", resume=(folder / "checkpoint.pt").exists())
    return name


@torch.no_grad()
def decoded_mel(model: SpeechModel, wave: np.ndarray) -> np.ndarray:
    """Log-mel (frames, 80) of the codes of a wave at the models' level, quantised book by book as in training."""
    whole = torch.from_numpy(np.pad(wave, (0, -len(wave) % model.step)).astype(np.float32))[None]
    framed = spectra.frames(whole)
    latents = model.bottleneck(model.encoder(spectra.encoder_input(model.inputs, framed))).latents
    speaker, _ = model.embed_speaker(spectra.log_mel(framed).transpose(1, 2))
    return model.conditioner.decoded(model.conditioner(latents, speaker))[0][0].T.numpy()


def measure_one(path: Path, runs: Path, names: list[str]) -> dict[str, dict[str, float | None]]:
    """All variants on a recording."""
    torch.set_num_threads(1)
    wave = read(path)
    level = wave * gain_to_target(active_level(wave))
    true = speaker.voice(wave)
    found = {}
    for name in names:
        model = SpeechModel(configuration(name))
        run.load_weights(model, runs / name)
        heard = align(griffin_lim(decoded_mel(model.eval(), level)), 0, wave)
        found[name] = {
            "PESQ-WB": perceptual.pesq(wave, heard, "wb"),
            "STOI": perceptual.stoi(wave, heard, extended=False),
            "ESTOI": perceptual.stoi(wave, heard, extended=True),
            "speaker cosine": speaker.similarity(true, speaker.voice(heard)),
        }
    return found


def last_figures(folder: Path) -> dict[str, float]:
    """Of a run, the last figures on held-out speakers."""
    entry = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])
    shown = {
        "dev_mel_l1": "log-mel L1",
        "dev_pitch_semitones": "F0 L1, semitones",
        "dev_voicing_error": "voicing error",
    }
    return {"steps": entry["step"]} | {title: entry[key] for key, title in shown.items()}


def measure(speech: Path, runs: Path, output: Path, count: int, jobs: int) -> None:
    """Measure all variants that are trained, and write what was found."""
    names = [name for name in TABLE["variants"] if (runs / name / "weights.safetensors").exists()]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(partial(measure_one, runs=runs, names=names), recordings(speech, count)))
    rows = {}
    for name in names:
        known = {key: [one[name][key] for one in found if one[name][key] is not None] for key in found[0][name]}
        heard = {key: float(np.mean(values)) for key, values in known.items()}
        rows[name] = {"says": TABLE["variants"][name]["says"], **last_figures(runs / name), **heard}
    lines = [
        f"Small first stages, {rows[names[0]]['steps']} steps each, at 600 bit/s; log-mel, F0 and voicing on speech of "
        f"held-out speakers, the others on {count} of their recordings through Griffin-Lim.",
        "",
    ]
    columns = [key for key in rows[names[0]] if key not in ("says", "steps")]
    lines += [f"| {' | '.join(['variant', *columns])} |", f"| --- |{' ---: |' * len(columns)}"]
    lines += [f"| {' | '.join([row['says'], *(f'{row[key]:.3f}' for key in columns)])} |" for row in rows.values()]
    output.with_suffix(".json").write_text(json.dumps({"recordings": count, "variants": rows}, indent=1) + "\n")
    output.with_suffix(".md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Train or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("shards", type=Path)
    train.add_argument("runs", type=Path)
    train.add_argument("--steps", type=int, default=2500)
    train.add_argument("--only", action="append", choices=list(TABLE["variants"]))
    train.add_argument("-j", "--jobs", type=int, default=1)
    judge = commands.add_parser("measure")
    judge.add_argument("speech", type=Path)
    judge.add_argument("runs", type=Path)
    judge.add_argument("-o", "--output", type=Path, default=Path("ablations"))
    judge.add_argument("--count", type=int, default=24, help="recordings")
    judge.add_argument("-j", "--jobs", type=int, default=1)
    args = parser.parse_args()
    if args.command == "measure":
        measure(args.speech, args.runs, args.output, args.count, args.jobs)
        return
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        work = partial(train_one, shards=args.shards, runs=args.runs, steps=args.steps)
        for name in pool.map(work, args.only or list(TABLE["variants"])):
            print(name, "trained")


if __name__ == "__main__":
    main()
