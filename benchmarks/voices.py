"""Voice conversion and time stretching: similarity to the target voice, phone errors, pitch and length.

    python benchmarks/voices.py SPEECH/valid.csv | tee docs/benchmarks/voices.txt

Voices: recordings of men in the voices of women and the reverse, in random pairs of the table's speakers. The profile
is made from one recording of the target. The result is compared (Resemblyzer) with another recording of the target,
with another one of the source's speaker, and with the converted recording itself, which has the same words and noise.
Speeds: F0 (WORLD) at another speed beside F0 at the original speed, frame by frame where both are voiced; the median of
each file, which is robust against octave errors.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sottovoce.codec import Codec
from sottovoce.codec.evaluation.phones import error_rate
from sottovoce.codec.evaluation.pitch import pitch
from sottovoce.codec.evaluation.references import ReferenceRecording, find
from sottovoce.codec.evaluation.speaker import voice
from sottovoce.codec.io.audio import open_sound

RATE = 16000
SPEEDS = (0.5, 0.75, 1.5, 2.0)
FEWEST = 20  # voiced frames that a file needs for its pitch to be used


def read(recording: ReferenceRecording) -> np.ndarray:
    """Return a recording, mono at the codec's rate."""
    with open_sound(str(recording.file), RATE) as sound:
        return np.concatenate(list(sound))


def draw(recordings: Sequence[ReferenceRecording], count: int) -> list[tuple[ReferenceRecording, ...]]:
    """Return pairs across genders: a source, another recording of its speaker, and two of the target."""
    rng = random.Random(0)
    voices: dict[str, dict[str, list[ReferenceRecording]]] = {"m": {}, "f": {}}
    for one in recordings:
        if one.gender in voices:
            voices[one.gender].setdefault(one.who, []).append(one)
    people = {gender: [own for own in them.values() if len(own) > 1] for gender, them in voices.items()}
    with_phones = {gender: [own for own in them if any(one.phones for one in own)] for gender, them in people.items()}
    pairs = []
    for i in range(count):
        own, other = ("m", "f") if i % 2 else ("f", "m")
        theirs = with_phones[own][i // 2 % len(with_phones[own])]
        source = rng.choice([one for one in theirs if one.phones])
        beside = rng.choice([one for one in theirs if one is not source])
        pairs.append((source, beside, *rng.sample(rng.choice(people[other]), 2)))
    return pairs


def median_pitch(wave: np.ndarray) -> float:
    """Return the median of log2 F0, NaN where too little is voiced."""
    found = pitch(wave)
    voiced = found[found > 0]
    return float(np.median(np.log2(voiced))) if len(voiced) >= FEWEST else np.nan


def convert(codec: Codec, pairs: Sequence[tuple[ReferenceRecording, ...]]) -> None:
    """Print similarity to the voices, phone errors and pitch."""
    rows = []
    for pair in pairs:
        source, beside, profile, target = map(read, pair)
        data = codec.encode(source, RATE)
        plain = codec.decode(data)
        converted = codec.decode(data, voice=codec.voice(profile, RATE))
        compared = [voice(wave) for wave in (target, beside, source)]
        own, other, reached = (median_pitch(wave) for wave in (source, target, converted))
        cosines = [float(voice(wave) @ one) for wave in (plain, converted) for one in compared]
        phones = [error_rate(wave, pair[0].phones) for wave in (plain, converted)]
        # share of the pitch difference that was covered, where there is a difference
        way = (reached - own) / (other - own) if abs(other - own) > 1 / 4 else np.nan
        rows.append([*cosines, *phones, way])
    table = np.array(rows)
    plain, converted = table[:, :3], table[:, 3:6]
    words, converted_words, way = table[:, 6:].T
    print(f"voices, preset {codec.preset.name}: {len(pairs)} recordings in the voice of another gender")
    print("                                 plain  converted")
    for name, now in (
        ("cosine to the target", (plain[:, 0], converted[:, 0])),
        ("cosine to the source's speaker", (plain[:, 1], converted[:, 1])),
        ("cosine to the source itself", (plain[:, 2], converted[:, 2])),
    ):
        print(f"{name:<32}{now[0].mean():6.3f}{now[1].mean():11.3f}")
    for name, index in (("nearer the target than its speaker", 1), ("nearer than the source itself", 2)):
        shares = [100 * np.mean(side[:, 0] > side[:, index]) for side in (plain, converted)]
        print(f"{name:<34}{shares[0]:4.0f}{shares[1]:11.0f} %")
    print(f"{'phone error rate':<34}{words.mean():4.1f}{converted_words.mean():11.1f} %")
    print(f"{'pitch difference covered':<34}{'':4}{100 * np.nanmedian(way):11.0f} %, median\n")


def stretch(codec: Codec, recordings: Sequence[ReferenceRecording]) -> None:
    """Print errors of pitch and length."""
    differences: dict[float, list[float]] = {speed: [] for speed in SPEEDS}
    lengths: dict[float, list[float]] = {speed: [] for speed in SPEEDS}
    for recording in recordings:
        data = codec.encode(read(recording), RATE)
        plain = codec.decode(data)
        own = pitch(plain)
        for speed in SPEEDS:
            wave = codec.decode(data, speed=speed)
            lengths[speed].append(abs(len(wave) * speed / len(plain) - 1))
            found = pitch(wave)
            there = own[np.minimum(np.rint(np.arange(len(found)) * speed).astype(int), len(own) - 1)]
            both = (there > 0) & (found > 0)
            if both.sum() >= FEWEST:
                differences[speed].append(12 * float(np.median(np.log2(found[both] / there[both]))))
    print(f"speeds, preset {codec.preset.name}: {len(recordings)} recordings")
    print("speed  F0 error, semitones: mean    absolute  95 % of files within      largest length error")
    for speed, found in differences.items():
        size = np.abs(found)
        print(
            f"{speed:5g} {np.mean(found):28.3f} {size.mean():10.3f} {np.quantile(size, 0.95):21.3f}"
            f" {100 * max(lengths[speed]):21.3f} %"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--files", type=int, default=14, help="files to stretch")
    args = parser.parse_args()
    codec = Codec.load(preset=args.preset)
    recordings = find(args.recordings, Path())
    convert(codec, draw(recordings, args.pairs))
    stretch(codec, recordings[:: max(1, len(recordings) // args.files)])


if __name__ == "__main__":
    main()
