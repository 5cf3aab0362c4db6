"""A virtual microphone and loudspeaker: a PulseAudio daemon of our own, without D-Bus or a sound card.

One stereo null sink carries both sides on one clock. On its left channel is what is played to the mouth, which the
microphone hears; on its right what a program plays to the ear. So one recording of it has both, sample by sample.
"""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

RATE = 16000
"""Hz of the sink, the mouth, the microphone and the ear."""

_DAEMON = "pulseaudio -n --daemonize=no --disable-shm=yes --exit-idle-time=-1 --use-pid-file=no --system=false"
_QUIET = "--realtime=no --high-priority=no --log-target=stderr --log-level=error"
_MODULES = (
    "module-native-protocol-unix auth-anonymous=1 socket={socket}",
    f"module-null-sink sink_name=line rate={RATE} channels=2 channel_map=front-left,front-right "
    "format=float32le norewinds=1",
    "module-remap-sink sink_name=mouth master=line channels=1 channel_map=mono master_channel_map=front-left remix=no",
    "module-remap-sink sink_name=ear master=line channels=1 channel_map=mono master_channel_map=front-right remix=no",
    "module-remap-source source_name=mic master=line.monitor channels=1 channel_map=mono "
    "master_channel_map=front-left remix=no",
)
_ALSA_CONFIG = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
_RAW = (f"--rate={RATE}", "--format=float32le", "--raw")


class Recording:
    """What was on the line.

    Attributes
    ----------
    mouth, ear : float32 [samples]
        At `RATE`; sample j of both was at the same moment. Empty while the recording goes on.
    """

    mouth: npt.NDArray[np.float32] = np.zeros(0, np.float32)
    ear: npt.NDArray[np.float32] = np.zeros(0, np.float32)


class Rig:
    """A running daemon.

    Attributes
    ----------
    environment : dict
        With it a process has the microphone and the loudspeaker as its default devices, through ALSA and PulseAudio.
    kill : callable
        Ends the daemon without a word to those who use it.
    """

    def __init__(self, folder: Path, environment: dict[str, str], daemon: subprocess.Popen[bytes]) -> None:
        self.environment = environment
        self.kill = daemon.kill
        self._line = folder / "line"

    def play(self, wave: npt.NDArray[np.float32]) -> None:
        """Say samples at 16 kHz to the mouth; returns when they have been said."""
        command = ["pacat", "--playback", "--device=mouth", "--channels=1", "--latency-msec=50", *_RAW]
        subprocess.run(command, input=wave.astype("<f4").tobytes(), env=self.environment, check=True, timeout=600)

    @contextmanager
    def record(self) -> Iterator[Recording]:
        """Record the line while inside."""
        recording = Recording()
        start = self._now()
        yield recording
        stop = self._now() + RATE // 10  # what the recorder has not yet been given
        while self._now() < stop:
            time.sleep(0.01)
        line = np.fromfile(self._line, "<f4", 2 * (stop - start), offset=8 * start).reshape(-1, 2)
        recording.mouth, recording.ear = line.T

    def _now(self) -> int:
        return self._line.stat().st_size // 8


@contextmanager
def virtual_sound() -> Iterator[Rig]:
    """Run a rig; skips the test, and tells why, where something that it needs is missing."""
    _need()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        socket = folder / "native"
        (folder / "asoundrc").write_text(_ALSA_CONFIG)
        (folder / "client.conf").write_text("autospawn = no\nenable-shm = no\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "ALSA_"))}
        environment |= {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PULSE_CLIENTCONFIG": str(folder / "client.conf"),
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_SINK": "ear",
            "PULSE_SOURCE": "mic",
            "ALSA_CONFIG_PATH": str(folder / "asoundrc"),
        }

        def start(command: list[str], **streams) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(command, env=environment, **streams)
            stack.callback(_stop, process)
            return process

        modules = [f"--load={module.format(socket=socket)}" for module in _MODULES]
        daemon = start([*_DAEMON.split(), *_QUIET.split(), *modules], stderr=subprocess.DEVNULL)
        _wait_for(socket.exists, daemon, "the PulseAudio daemon")
        # Without anyone who plays and listens the null sink would be suspended, and its clock would stand still.
        start(["pacat", "--playback", "--device=line", "--channels=2", *_RAW, "/dev/zero"])
        with (folder / "line").open("wb") as line:
            parec = start(
                ["parec", "--device=line.monitor", "--channels=2", "--latency-msec=10", *_RAW],
                stdout=line,
            )
        _wait_for(lambda: (folder / "line").stat().st_size, parec, "the recorder")
        yield Rig(folder, environment, daemon)


def lag(early: npt.NDArray[np.float32], late: npt.NDArray[np.float32]) -> float:
    """Return by how many seconds one recording of `RATE` Hz is behind another, where they correlate best."""
    size = 2 * max(len(early), len(late))
    correlation = np.fft.irfft(np.fft.rfft(late, size) * np.fft.rfft(early, size).conj(), size)
    shift = int(np.argmax(np.abs(correlation)))
    return (shift - size if shift > size // 2 else shift) / RATE


def _need() -> None:
    missing = [program for program in ("pulseaudio", "pacat", "parec") if not shutil.which(program)]
    if not any(Path("/usr").glob("lib*/**/alsa-lib/libasound_module_pcm_pulse.so")):
        missing.append("the PulseAudio plugin of ALSA")
    if not importlib.util.find_spec("sounddevice"):
        missing.append("sounddevice")
    if not ctypes.util.find_library("portaudio"):
        missing.append("PortAudio")
    if missing:
        pytest.skip(f"no virtual microphone and loudspeaker without {', '.join(missing)}")


def _wait_for(done, process: subprocess.Popen[bytes], what: str) -> None:
    until = time.monotonic() + 60
    while not done():
        if process.poll() is not None or time.monotonic() > until:
            pytest.skip(f"{what} doesn't run here")
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
