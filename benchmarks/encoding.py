"""Processor time of encoding a recording, stage by stage, and how often large groups of steps give other codes.

    OPENBLAS_NUM_THREADS=1 python benchmarks/encoding.py [RECORDING...] | tee docs/benchmarks/encoding.txt

Without recordings, the speech of samples/ is repeated for a minute. Times are real-time factors: seconds of processor
time per second of speech, the best of several runs, on one thread.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.offline.encode import encode_sound
from sottovoce.codec.voice.level import normalising_gain
from sottovoce.codec.voice.tracker import HEAD_SECONDS, voice_of
from sottovoce.models.features import HOP, INPUTS, frames
from sottovoce.models.runtime.encoder import LARGE_GROUP

SAMPLES = Path(__file__).parents[1] / "samples"
RUNS = 3
SECONDS = 60


def best(work: Callable[[], object]) -> float:
    """Return the least processor time of several runs, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def codes_of(codec: Codec, wave: np.ndarray, group: int) -> np.ndarray:
    """Return the codes of a recording at the models' level, encoded in groups of steps."""
    encoder = codec.model.encoder(codec.preset.books, group)
    return np.concatenate((encoder.push(wave), encoder.finish()))


def stages(codec: Codec, path: str, wave: np.ndarray) -> dict[str, float]:
    """Return the real-time factors of the stages, of all and of the codes step by step, and the share that differ."""
    model, seconds = codec.model, len(wave) / codec.sample_rate
    features, inputs = INPUTS[model.config["model"]["inputs"]]
    size = LARGE_GROUP * model.step // HOP
    framed = frames(wave)
    framed = framed[: len(framed) // size * size]
    x = np.concatenate([features(framed[at : at + size]) for at in range(0, len(framed), size)])
    x = x.reshape(-1, model.step // HOP, inputs)
    groups = np.split(x, len(x) // LARGE_GROUP)
    latents = np.concatenate([model.analysis.fresh()(group, codec.preset.index) for group in groups])
    quantizer = model.latent_quantizer.first(codec.preset.books)

    def network() -> None:
        analysis = model.analysis.fresh()
        for group in groups:
            analysis(group, codec.preset.index)

    def read() -> None:
        with open_sound(path, codec.sample_rate) as sound:
            list(sound)

    def encode() -> None:
        with open_sound(path, codec.sample_rate) as sound:
            encode_sound(sound, io.BytesIO(), model, codec.preset)

    found = {
        "reading": best(read) / seconds,
        "level and speaker": best(lambda: voice_of(wave[: HEAD_SECONDS * codec.sample_rate], model)) / seconds,
        "features": best(lambda: [features(framed[at : at + size]) for at in range(0, len(framed), size)])
        / (len(framed) * HOP / codec.sample_rate),
        "network": best(network) / (len(x) / codec.frame_rate),
        "codebook search": best(lambda: [quantizer(one) for one in np.split(latents, len(groups))])
        / (len(latents) / codec.frame_rate),
    }
    whole = best(encode) / seconds
    rest = whole - sum(found.values())
    start = time.process_time()
    by_step = codes_of(codec, wave, 1)
    streaming = (time.process_time() - start) / seconds
    differ = (by_step != codes_of(codec, wave, LARGE_GROUP)).any(1).mean()
    return {**found, "entropy coding, file": rest, "all": whole, "step by step": streaming, "steps that differ": differ}


def main() -> None:
    """Print a table with a row for each preset."""
    names = sys.argv[1:]
    paths = [Path(name) for name in names] or [*sorted(SAMPLES.glob("*.wav")), *sorted(SAMPLES.glob("*.flac"))]
    codec = Codec.load()
    waves = []
    for path in paths:
        with open_sound(str(path), codec.sample_rate) as sound:
            waves.append(np.concatenate(list(sound)))
    speech = np.concatenate(waves)
    speech = np.resize(speech, max(len(speech), SECONDS * codec.sample_rate)).astype(np.float32)
    wave = speech * normalising_gain(voice_of(speech[: HEAD_SECONDS * codec.sample_rate], codec.model).level)
    print(f"{len(speech) / codec.sample_rate:.0f} s of speech, groups of {LARGE_GROUP} steps")
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, speech, codec.sample_rate)
        for number, preset in enumerate(codec.model.presets):
            row = stages(Codec.load(preset=preset), file.name, wave)
            if not number:
                print("preset ", *(f"{name:>{len(name) + 2}}" for name in row))
            print(f"{preset:7}", *(f"{value:{len(name) + 2}.5f}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
