"""Quality, size and speed of sottovoce and its peers on a set of recordings.

    python benchmarks/quality.py REFERENCES.csv -o docs/measured

REFERENCES.csv has the columns corpus, speaker, gender, age and path (relative to it). Writes a JSON of all figures
and a Markdown table of their means. What the JSON holds already for the same recordings and model is kept, so that
a run can go on where it was stopped. Each codec's decoded recordings are aligned by its one constant delay, and
brought to the power of the reference. Speed is processor time, all in one thread.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import csv
import json
import multiprocessing
import platform
import resource
import sys
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import metrics
import peers
import soundfile
import soxr

from sottovoce.codec import SottoError, releases
from sottovoce.codec.errors import concerning

PACKAGES = ["sottovoce", "numpy", "soxr", "librosa", "pesq", "pystoi", "pyworld", "resemblyzer", "torch"]
T = TypeVar("T")


class Coded(NamedTuple):
    """A recording, there and back."""

    bytes: int
    encoding: float  # seconds
    decoding: float
    wave: metrics.Wave


def processor_seconds() -> float:
    """Processor time so far of this process and of the programs that it ran."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def read(path: Path) -> metrics.Wave:
    """The first channel of a recording, at 16 kHz."""
    with concerning(str(path)):
        try:
            wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise SottoError(str(error), "check the table of references", str(path)) from error
    return soxr.resample(wave[:, 0], rate, metrics.RATE, "VHQ")


def prepare(path: Path) -> metrics.Reference:
    """Read a reference and measure it."""
    return metrics.refer(read(path))


def code(name: str, model: str, wave: metrics.Wave) -> Coded:
    """Encode and decode a recording."""
    codec = peers.peer(name, model)
    start = processor_seconds()
    data = codec.encode(wave)
    between = processor_seconds()
    decoded = codec.decode(data)
    return Coded(len(data), between - start, processor_seconds() - between, decoded)


def compare(lag: int, reference: metrics.Reference, decoded: metrics.Wave) -> dict[str, float | None]:
    """Measure a decoded recording."""
    return metrics.measure(reference, metrics.align(decoded, lag, reference.wave))


def progress(what: str, results: Iterable[T], total: int) -> Iterator[T]:
    """Tell how many results have come."""
    end = "\r" if sys.stderr.isatty() else "\n"
    for count, result in enumerate(results, 1):
        if end == "\r" or count in (1, total) or not count % 10:
            print(f"{what}: {count} of {total} ", end=end if count < total else "\n", file=sys.stderr, flush=True)
        yield result


class Bench:
    """References, and workers that measure codecs on them."""

    def __init__(self, rows: list[dict[str, str]], folder: Path, model: str, pool: ProcessPoolExecutor):
        self.model, self.pool, self.count = model, pool, len(rows)
        paths = [folder / row["path"] for row in rows]
        self.references = list(progress("references", pool.map(prepare, paths), self.count))
        seconds = [len(reference.wave) / metrics.RATE for reference in self.references]
        self.seconds = sum(seconds)
        self.speakers = [f"{row['corpus']}/{row['speaker']}" for row in rows]
        told = [{key: row.get(key, "") for key in ("corpus", "speaker", "gender", "age", "path")} for row in rows]
        self.files = [
            row | {"seconds": round(length, 3), "crc32": zlib.crc32(reference.wave.tobytes())}
            for row, length, reference in zip(told, seconds, self.references, strict=True)
        ]

    def run(self, name: str) -> dict[str, Any]:
        """All figures of a codec."""
        bit_rate = peers.peer(name, self.model).bit_rate
        waves = [reference.wave for reference in self.references]
        job = partial(code, name, self.model)
        coded = list(progress(f"{name}, coding", self.pool.map(job, waves), self.count))
        decoded = [one.wave for one in coded]
        lag = metrics.delay(waves, decoded)
        measured = self.pool.map(partial(compare, lag), self.references, decoded)
        figures = list(progress(f"{name}, measuring", measured, self.count))
        return {
            "bit_rate": bit_rate,
            "file_bit_rate": None if bit_rate is None else round(8 * sum(one.bytes for one in coded) / self.seconds, 1),
            "encode_rtf": round(sum(one.encoding for one in coded) / self.seconds, 5),
            "decode_rtf": round(sum(one.decoding for one in coded) / self.seconds, 5),
            "delay": lag,
            "means": {key: metrics.interval([f[key] for f in figures], self.speakers) for key in metrics.METRICS},
            "files": [{"bytes": one.bytes} | figure for one, figure in zip(coded, figures, strict=True)],
        }


# ---------------------------------------------------------------- results
def versions() -> dict[str, str]:
    """What measured.

    Raises
    ------
    SottoError
        When a package isn't installed.
    """
    try:
        return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}
    except metadata.PackageNotFoundError as error:
        raise SottoError(f"needs the package {error.name}", "pip install 'sottovoce[eval]'") from error


def still_true(old: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Of older results, the codecs that would come out the same now."""
    if any(old.get(key) != now[key] for key in ("versions", "files")):
        return {}
    same_model = old["model"] == now["model"]
    return {name: found for name, found in old["codecs"].items() if same_model or not peers.is_ours(name)}


def save(results: dict[str, Any], out: Path) -> None:
    """Write the JSON and the table, each whole or not at all."""
    for suffix, text in ((".json", json.dumps(results, indent=1) + "\n"), (".md", table(results))):
        unfinished = out.with_name(out.name + suffix + ".part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(out.with_name(out.name + suffix))


def write_scores(results: dict[str, Any], card: Path) -> None:
    """Put what was measured of a model into its card."""
    content = json.loads(card.read_text(encoding="utf-8"))
    if content["sha256"] != results["model"]["sha256"]:
        raise SottoError("the card of another model", "give that of the model measured", str(card))
    content["scores"] = {
        name.removeprefix("sotto:"): {
            "bit/s": found["file_bit_rate"],
            **{metrics.METRICS[key].title: mean["mean"] for key, mean in found["means"].items()},
        }
        for name, found in results["codecs"].items()
        if name.startswith("sotto:")
    }
    draft = card.with_suffix(".part")
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    draft.replace(card)


def table(results: dict[str, Any]) -> str:
    """The Markdown of results."""
    files, model = results["files"], results["model"]
    speakers = {(file["corpus"], file["speaker"]) for file in files}
    columns = [f"{m.title} {'↑' if m.more else '↓'}" for m in metrics.METRICS.values()]
    head = ["codec", "codes, bit/s", "file, bit/s", *columns, "encode RTF", "decode RTF"]
    lines = [
        f"{len(files)} recordings of {len(speakers)} speakers, {sum(file['seconds'] for file in files):.0f} s; "
        f"model `{model['name']}` {model['id']}. "
        f"Means with 95 % bootstrap intervals over {'speakers' if len(speakers) > 2 else 'recordings'}. "
        "RTF: seconds of processor time a second of speech, one thread.",
        "",
        _row(head),
        _row(["---"] + ["---:"] * (len(head) - 1)),
    ]
    for name, found in results["codecs"].items():
        rates = ["–" if found[key] is None else f"{found[key]:.0f}" for key in ("bit_rate", "file_bit_rate")]
        means = [_cell(found["means"][key], metric.digits) for key, metric in metrics.METRICS.items()]
        lines.append(_row([name, *rates, *means, f"{found['encode_rtf']:.3f}", f"{found['decode_rtf']:.3f}"]))
    lines += [f"\nNot measured: {name}, which needs `{remedy}`." for name, remedy in results["missing"].items()]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(mean: dict[str, float] | None, digits: int) -> str:
    return "–" if mean is None else "{mean:.{d}f} [{low:.{d}f}, {high:.{d}f}]".format(**mean, d=digits)


# ---------------------------------------------------------------- command line
def available(names: list[str], model: str) -> tuple[list[str], dict[str, str]]:
    """Of codecs, those that can be run; and of the others, how to install them."""
    missing = {}
    for name in names:
        try:
            peers.peer(name, model)
        except peers.Missing as error:
            missing[name] = str(error)
            print(f"{name}: not measured; {error}", file=sys.stderr)
    return [name for name in names if name not in missing], missing


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    speech = os.environ.get("SOTTO_SPEECH")
    default = {"nargs": "?", "default": Path(speech, "valid.csv")} if speech else {}
    parser.add_argument("references", type=Path, help="default: $SOTTO_SPEECH/valid.csv", **default)
    parser.add_argument("-o", "--output", type=Path, default=Path("measured"), help="writes OUTPUT.json and OUTPUT.md")
    parser.add_argument("--codecs", help="comma-separated, as sotto:default,stage1:low,codec2:1300; default: all")
    parser.add_argument("--model", default="default", help="name, or path of its weights")
    parser.add_argument("--limit", type=int, help="only that many recordings")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--card", type=Path, help="card of the model, to write the means of our presets into")
    parser.add_argument("--again", action="store_true", help="measure again what is known already")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run the program."""
    args = arguments(argv)
    with concerning(str(args.references)), args.references.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))[: args.limit]
    release = releases.by_name(args.model)
    order = peers.names(list(release.presets))
    wanted, missing = available(args.codecs.split(",") if args.codecs else order, args.model)
    now = {
        "versions": versions(),
        "model": {"name": release.name, "id": release.id.hex(), "sha256": release.card["sha256"]},
    }
    # a fork of a process in which torch has run can hang
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        bench = Bench(rows, args.references.parent, args.model, pool)
        now["files"] = bench.files
        known = args.output.with_name(args.output.name + ".json")
        old = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
        done = still_true(old, now)
        missing = {name: how for name, how in (old.get("missing", {}) | missing).items() if name not in wanted}
        for name in wanted:
            if name in done and not args.again:
                print(f"{name}: kept", file=sys.stderr)
            else:
                done[name] = bench.run(name)
            ordered = {name: done[name] for name in dict.fromkeys([*order, *done]) if name in done}
            save(now | {"codecs": ordered, "missing": missing}, args.output)
        if args.card:
            write_scores(now | {"codecs": ordered}, args.card)


if __name__ == "__main__":
    try:
        main()
    except SottoError as error:
        sys.exit(f"quality: {error}")
