"""Commands killed at random moments: nothing half-written stays, nothing recorded is lost, the exit status is right.

    python benchmarks/kills.py [kills] [--only encode,join] [-o docs/benchmarks/kills.txt]

Each command runs in a process of its own, forked from one that has imported everything, and gets SIGTERM, SIGINT,
SIGHUP or SIGKILL at a moment between its start and its end. Then every file must be whole; only SIGKILL may leave a
temporary file, which the next run removes. What came through a pipe until the signal must be in the output.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.sounds import speech

from sottovoce.cli import app
from sottovoce.codec import Codec
from sottovoce.codec.offline.info import info
from sottovoce.models import files

SIGNALS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGKILL: -9}
SECONDS = 2.0
RATE = 16000


@dataclass(frozen=True)
class Command:
    """What is killed.

    Parameters
    ----------
    name : str
    arguments : list of str
        Of `sotto`.
    fed : bool
        Whether a recording comes through standard input, slowly.
    """

    name: str
    arguments: list[str]
    fed: bool = False


TALKS = [f"talks/{name}.wav" for name in "abc"]
COMMANDS = [
    Command("encode", ["encode", "talks", "-o", "out", "-j", "1"]),
    Command("encode -j 2", ["encode", "talks", "-o", "out", "-j", "2"]),
    Command("decode", ["decode", "coded", "-o", "out", "-j", "1"]),
    Command("join", ["join", "coded/a.sotto", "coded/b.sotto", "-o", "out.sotto"]),
    Command("pipe", ["encode", "-", "-o", "out.sotto"], fed=True),
    Command("train", ["train", "tiny.toml"]),
    Command("evaluate", ["evaluate", "talks", "-o", "report", "-j", "1", "--against", "none", "--presets", "low"]),
]


def prepare(folder: Path, *, training: bool) -> None:
    """Write what the commands work on; `training` needs shards."""
    codec = Codec.load()
    for name in "abc":
        wave = speech(SECONDS)
        for place in ("talks", "coded"):
            (folder / place).mkdir(exist_ok=True)
        soundfile.write(folder / f"talks/{name}.wav", wave, RATE)
        (folder / f"coded/{name}.sotto").write_bytes(codec.encode(wave, RATE))
    if not training:
        return
    from helpers import tiny  # with torch

    shards = tiny.write_shards(folder / "speech")
    config = tiny.write_config(folder, shards, "spectrum", tiny.config(), steps=12, batch=2, save_minutes=0)
    # relative paths: each kill has its own run folder
    (folder / "tiny.toml").write_text(config.read_text().replace(f"{folder}/", ""))
    config.unlink()


def started(command: Command, folder: Path, feed: int | None) -> int:
    """Fork a process that runs a command in a folder; return its number."""
    waiting = signal.pthread_sigmask(signal.SIG_BLOCK, [one for one in SIGNALS if one])
    process = os.fork()
    if process:
        with suppress(OSError):  # done by the process itself
            os.setpgid(process, process)
        signal.pthread_sigmask(signal.SIG_SETMASK, waiting)
        return process
    code = 70  # a traceback: see `err`
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        source = os.open(os.devnull, os.O_RDONLY) if feed is None else feed
        said = os.open("err", os.O_RDWR | os.O_CREAT)
        for number, stream in enumerate((source, said, said)):
            os.dup2(stream, number)
        os.closerange(3, 64)  # the other end of the pipe, too
        sys.stdin, sys.stdout, sys.stderr = (open(number, "rw"[number > 0]) for number in range(3))  # noqa: SIM115
        sys.argv = ["sotto", *command.arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for one in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, app._terminate)
        signal.pthread_sigmask(signal.SIG_SETMASK, waiting)
        app.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        code = 130  # before the command began
    finally:
        os._exit(code)


def problems(command: Command, folder: Path, number: int, status: int) -> list[str]:
    """Return what is wrong after a kill."""
    found = []
    if status not in (0, SIGNALS[number]):
        found.append(f"status {status}")
    said = (folder / "err").read_text(errors="replace")
    if "Traceback" in said or "unexpected" in said:
        found.append(said.strip().splitlines()[-1])
    for path in folder.rglob("*"):
        if path.is_dir() or path.is_relative_to(folder / "speech"):
            continue
        if path.suffix in (".part", ".tmp"):
            if number != signal.SIGKILL:
                found.append(f"left {path.name}")
        elif wrong := not_whole(path):
            found.append(f"{path.relative_to(folder)}: {wrong}")
    return found


def not_whole(path: Path) -> str:
    """Return what is wrong with a file, or nothing."""
    try:
        if path.suffix == ".sotto":
            return "; ".join(info(path.read_bytes()).problems())
        if path.suffix == ".wav" and path.parent.name == "out":
            missing = round(SECONDS * RATE) - soundfile.info(path).frames
            return f"{missing} samples missing" if missing else ""
        if path.suffix == ".json":
            json.loads(path.read_text())
        if path.suffix == ".pt":
            from sottovoce.models.training.loop import read_checkpoint

            read_checkpoint(path, "cpu")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def kill(command: Command, source: Path, number: int, delay: float) -> list[str]:
    """Run a command on a copy of what was prepared, kill it, and return what is wrong then."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(source, folder, dirs_exist_ok=True)
        ours, theirs = os.pipe() if command.fed else (None, None)
        process = started(command, folder, ours)
        fed = 0
        end = time.monotonic() + delay
        if theirs is not None and ours is not None:
            os.close(ours)
            fed = feed(theirs, end)
        time.sleep(max(0.0, end - time.monotonic()))
        os.killpg(process, number)
        if theirs is not None:
            os.close(theirs)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        found = problems(command, folder, number, status)
        if fed > RATE // 2 and number != signal.SIGKILL and command.fed:
            found += kept(folder / "out.sotto", fed)
        if number == signal.SIGKILL:
            found += swept(folder)
        return found


def feed(pipe: int, end: float) -> int:
    """Write a recording to a pipe until a moment; return the samples."""
    from sottovoce.codec.io.audio import wav_header

    wave = (speech(30) * 32767).astype("<i2").tobytes()
    os.write(pipe, wav_header(None, RATE))
    at = 0
    while time.monotonic() < end and at < len(wave):
        at += os.write(pipe, wave[at : at + 3200])
        time.sleep(0.01)
    return at // 2


def kept(path: Path, samples: int) -> list[str]:
    """Return what is missing of a recording that came through a pipe."""
    if not path.exists():
        return ["the recording is lost"]
    missing = samples / RATE - (info(path.read_bytes()).seconds or 0.0)
    return [f"{missing:.2f} s of the recording are lost"] if missing > 0.1 else []


def swept(folder: Path) -> list[str]:
    """Return what temporary files the next run leaves."""
    files._YOUNG = -1.0
    places = {path.parent for path in folder.rglob("*.part")}
    for place in places:
        files.sweep(place)
    return [f"not removed: {path.name}" for path in folder.rglob(".sotto-*.part")]


def duration(command: Command, source: Path) -> float:
    """Return how long a command takes when nothing disturbs it."""
    start = time.monotonic()
    found = kill(command, source, 0, 3.0 if command.fed else 0.0)
    assert not found, (command.name, found)
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", type=int, nargs="?", default=300)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--only", help="Commands, separated by commas.")
    given = parser.parse_args()
    commands = [one for one in COMMANDS if not given.only or one.name in given.only.split(",")]
    SIGNALS[0] = 0  # no signal: the whole command
    draw = random.Random(0)
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    say: Callable[[str], None] = print
    with tempfile.TemporaryDirectory() as place:
        prepare(Path(place), training=any(one.name == "train" for one in commands))
        lengths = {command.name: duration(command, Path(place)) for command in commands}
        for _ in range(given.kills):
            command, number = draw.choice(commands), draw.choice([one for one in SIGNALS if one])
            delay = draw.uniform(0, lengths[command.name])
            found = kill(command, Path(place), number, delay)
            counts[command.name, signal.Signals(number).name] += 1
            for line in found:
                wrong.append(f"{command.name}, {signal.Signals(number).name} after {delay:.3f} s: {line}")
                say(wrong[-1])
    names = [signal.Signals(one).name for one in SIGNALS if one]
    table = [f"{'':12}" + "".join(f"{name:>9}" for name in names)]
    for command in commands:
        table.append(f"{command.name:12}" + "".join(f"{counts[command.name, name]:9}" for name in names))
    table.append(f"{sum(counts.values())} kills, {len(wrong)} faults")
    text = "\n".join([*table, *wrong]) + "\n"
    say(text)
    if given.output:
        given.output.write_text(text)


if __name__ == "__main__":
    main()
