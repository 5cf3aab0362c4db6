"""`sotto send` and `sotto receive` over loopback."""

import json
import signal
import socket
import subprocess
import threading
import time

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO
from helpers.processes import LIMIT, start
from helpers.speakers import real_speech

from sottovoce.codec.live.simulated_link import Link, LinkSettings

PACKET = 640


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class BadLink:
    """Passes datagrams on as a bad link does; knows which packets it lost."""

    def __init__(self, port: int, settings: LinkSettings) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.sent = 0
        self.arrived: set[int] = set()
        self._target = ("127.0.0.1", port)
        self._link = Link(settings, seed=3)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.socket.settimeout(0.002)
        while not self._stop.is_set():
            try:
                self._link.send(self.sent, self.socket.recv(4096), time.perf_counter())
                self.sent += 1
            except TimeoutError:
                pass
            for number, data in self._link.receive(time.perf_counter()):
                self.socket.sendto(data, self._target)
                self.arrived.add(number)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()

    @property
    def longest_loss(self) -> int:
        lost = "".join("." if number in self.arrived else "x" for number in range(self.sent))
        return max(map(len, lost.split(".")))


def wait_until_it_listens(process: subprocess.Popen) -> None:
    assert "listening" in process.stderr.readline()


def over(
    settings: LinkSettings | None, *options: str, sending: tuple[str, ...] = ()
) -> tuple[dict, np.ndarray, BadLink | None]:
    """Send speech.wav: what the receiver says, what it has heard, and the link."""
    port = free_port()
    command = [*SOTTO, "receive", f"127.0.0.1:{port}", "-o", "heard.wav", "-f", "--json", *options]
    receiver = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until_it_listens(receiver)
    link = BadLink(port, settings) if settings else None
    try:
        target = f"127.0.0.1:{link.port if link else port}"
        subprocess.run([*SOTTO, "send", target, "speech.wav", "-q", *sending], check=True, timeout=LIMIT)
        out, errors = receiver.communicate(timeout=LIMIT)
    finally:
        receiver.kill()
        if link:
            link.close()
    assert receiver.returncode == 0, errors
    return json.loads(out), soundfile.read("heard.wav")[0], link


@pytest.mark.realtime
def test_a_lossy_link(in_folder):
    speech = real_speech(12)
    soundfile.write("speech.wav", speech, 16000)
    facts, played, link = over(LinkSettings(loss=0.1, burst=3, jitter=0.05), "--buffer", "60")
    assert 0 < facts["lost"] <= facts["concealed"]
    assert len(played) >= len(speech) - 640 * (link.longest_loss + 2)  # a loss at the start takes hellos, too
    assert np.std(played) > 0.5 * np.std(speech)


@pytest.mark.realtime
def test_redundancy_restores_what_was_lost(in_folder):
    speech = real_speech(6)
    soundfile.write("speech.wav", speech, 16000)
    # never two in a row, but a hello may lie between two that are lost
    facts, played, link = over(LinkSettings(loss=0.2), "--buffer", "160", sending=("--redundancy", "2"))
    assert link.longest_loss == 1 and len(link.arrived) < 0.9 * link.sent
    assert facts["recovered"] > 0
    assert facts["lost"] == 0
    assert len(played) >= len(speech)


@pytest.mark.realtime
def test_a_good_link_loses_nothing(in_folder):
    speech = real_speech(4)
    soundfile.write("speech.wav", speech, 16000)
    facts, played, _ = over(None)
    assert facts["lost"] == facts["late"] == facts["recovered"] == 0
    assert len(played) >= len(speech)
    assert np.std(played) == pytest.approx(np.std(speech), rel=0.4)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["send", "nowhere", "speech.wav"], "the port is missing"),
        (["send", "host.invalid:4000", "speech.wav"], "no such host"),
        (["send", "127.0.0.1:4000", "missing.wav"], "missing.wav: no such file"),
        (["receive", "70000"], "isn't an address"),
        (["receive", "192.0.2.1:4000", "-o", "x.wav"], "192.0.2.1:4000"),
        (["send", "127.0.0.1:4000", "speech.wav", "--packet", "50"], "--packet"),
        (["send", "127.0.0.1:4000", "speech.wav", "--redundancy", "9"], "--redundancy"),
    ],
)
def test_what_cannot_be_done_is_told(command, reason, wav):
    wav("speech.wav", 0.5)
    done = subprocess.run([*SOTTO, *command], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2
    assert reason in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_it_with_what_was_heard(in_folder):
    process = start(
        [*SOTTO, "receive", f"127.0.0.1:{free_port()}", "-o", "heard.wav"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_it_listens(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 0
    assert soundfile.info("heard.wav").frames == 0
