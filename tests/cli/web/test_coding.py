"""Recordings to .sotto and back over HTTP, and what is refused."""

import io
import socket
import threading
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pytest
import soundfile
from helpers.processes import LIMIT, wait_until
from helpers.sounds import speech
from starlette.testclient import TestClient

from sottovoce.cli.web import coding
from sottovoce.cli.web.limits import Limits
from sottovoce.cli.web.server import make_app
from sottovoce.codec import Codec, info
from sottovoce.models.audio.streams import SoundfileStream

SAMPLES = Path(__file__).parents[3] / "samples"


def recorded(seconds=1.0, rate=16000, channels=1, **how):
    file = io.BytesIO()
    soundfile.write(file, speech(seconds, rate, channels), rate, **{"format": "WAV", **how})
    return file.getvalue()


@pytest.fixture
def client(toy):
    """Asks a server of small limits."""
    limits = Limits(sound_bytes=400_000, coded_bytes=2_000, seconds=4, jobs=1, waiting=1)
    with TestClient(make_app(limits), base_url="http://127.0.0.1") as client:
        yield client


def heard(response):
    assert response.status_code == 200
    wave, rate = soundfile.read(io.BytesIO(response.content), dtype="int16")
    assert rate == 16000
    return wave


def test_models(client):
    told = client.get("/api/models").json()
    assert [preset["name"] for preset in told["presets"]] == ["low", "default", "max"]
    assert told["presets"][0]["bit_rate"] == 250
    assert told["voices"] == []  # those in the box are not of the toy
    assert told["limits"] == {"sound_bytes": 400_000, "coded_bytes": 2_000, "seconds": 4}


@pytest.mark.parametrize("preset", ["low", "default", "max"])
def test_there_and_back(client, preset):
    sound = recorded(1.3, 44100, 2)
    coded = client.post(f"/api/encode?preset={preset}", content=sound).content
    wave, rate = soundfile.read(io.BytesIO(sound))
    assert info(coded).preset == preset
    assert (info(coded).source_rate, info(coded).source_channels) == (44100, 2)
    expected = Codec.load().decode(coded, seed=7)
    assert (heard(client.post("/api/decode?seed=7", content=coded)) == np.rint(expected * 32768)).all()
    assert len(expected) == round(len(wave) * 16000 / rate)
    expected_info = {**info(coded).as_dict(), "damaged_spans": [], "problems": []}
    assert client.post("/api/info", content=coded).json() == expected_info


def test_the_recording_as_the_codec_hears_it(client):
    sound = recorded(1.3, 16000, format="FLAC")
    wave, _ = soundfile.read(io.BytesIO(sound), dtype="int16")
    assert (heard(client.post("/api/sound", content=sound)) == wave).all()
    assert len(heard(client.post("/api/sound", content=recorded(1.3, 44100, 2)))) == 20800


def test_the_voice_of_a_recording_is_that_of_its_file(client):
    sound = recorded(1.3)
    coded = client.post("/api/encode", content=sound).content
    told = client.post("/api/voice", content=sound).json()
    assert told["voice"].startswith(info(coded).speaker) and len(told["voice"]) > len(info(coded).speaker)
    assert client.post("/api/voice", content=coded).json() == told


@pytest.mark.parametrize(
    ("path", "content", "status", "error"),
    [
        ("encode", b"", 422, "the file is empty"),
        ("encode", b"no sound at all" * 10, 422, "no sound that can be read (Format not recognised)"),
        ("sound", b"no sound at all" * 10, 422, "no sound that can be read (Format not recognised)"),
        ("voice", recorded()[:44], 422, "there are no samples in it"),
        ("encode?preset=loud", recorded(), 422, "no preset named 'loud'"),
        ("encode", bytes(400_001), 413, "a file of more than 390.625 KiB"),
        ("encode", recorded(4.1), 413, "more than 4 seconds of speech"),
        ("sound", recorded(4.1, 8000), 413, "more than 4 seconds of speech"),
        ("decode", b"RIFF nonsense", 422, "not a .sotto file"),
        ("decode", bytes(2_001), 413, "a file of more than 1.95312 KiB"),
        ("decode?speed=3", b"", 422, None),
        ("decode?speed=nan", b"", 422, None),
        ("decode?seed=-1", b"", 400, "the seed is -1"),
        ("decode?voice=xyz", b"", 400, "seed, speed and to are numbers, and a voice is hexadecimal"),
        ("info", b"\x89STO", 422, None),
    ],
)
def test_bad_input_gets_one_clear_line(client, path, content, status, error):
    response = client.post(f"/api/{path}", content=content)
    told = response.json()
    assert response.status_code == status
    assert set(told) == {"error", "advice"} and told["advice"]
    assert error in (None, told["error"])
    assert "unexpected" not in told["error"]


def test_a_body_of_unknown_length_is_refused_while_it_is_read(client):
    taken = []

    def body():
        for _ in range(1000):
            taken.append(1)
            yield bytes(100_000)

    assert client.post("/api/encode", content=body()).status_code == 413


def test_hours_in_few_bytes_are_refused_unread(client, monkeypatch):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16000 * 3600, np.int16), 16000, format="FLAC")
    assert len(file.getvalue()) < 400_000
    monkeypatch.delattr(SoundfileStream, "blocks")
    assert client.post("/api/encode", content=file.getvalue()).status_code == 413


def test_speech_that_a_file_only_claims_is_refused(client):
    with TestClient(make_app(Limits(seconds=1)), base_url="http://127.0.0.1") as strict:
        coded = client.post("/api/encode", content=recorded(1.2)).content
        assert strict.post("/api/decode", content=coded).json()["error"] == "more than 1 seconds of speech"


def test_files_that_follow_each_other_are_counted_together(client, monkeypatch):
    with TestClient(make_app(Limits(seconds=2)), base_url="http://127.0.0.1") as strict:
        coded = client.post("/api/encode", content=recorded(1.2)).content
        assert strict.post("/api/decode", content=coded + coded).json()["error"] == "more than 2 seconds of speech"
        monkeypatch.setattr(coding, "info", lambda data: replace(info(data), seconds=None))
        assert len(heard(strict.post("/api/decode", content=coded * 3))) == 32000


def test_when_too_much_waits_more_is_refused(client, monkeypatch, tmp_path):
    gate = tmp_path / "gate"
    monkeypatch.setenv("STUB_GATE", str(gate))
    sound = recorded(0.5)
    answers = []
    askers = [
        threading.Thread(target=lambda: answers.append(client.post("/api/encode", content=sound))) for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    wait_until(lambda: len(answers) == 2)  # those that are refused
    assert client.get("/api/models").status_code == 200  # served meanwhile
    gate.touch()
    for asker in askers:
        asker.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    assert client.post("/api/encode", content=sound).status_code == 200  # there is room again


def test_what_isnt_there(client):
    assert client.get("/api/nothing").status_code == 404
    assert client.get("/../server.py").status_code == 404
    assert client.post("/").status_code == 405
    assert client.get("/api/encode").json()["error"] == "nothing is served here"


def test_an_upload_that_stalls_is_given_up(starting):
    serving = starting(idle=0.3)
    with socket.create_connection(("127.0.0.1", serving.port)) as stalled:
        stalled.sendall(b"POST /api/encode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nRIFF")
        stalled.settimeout(LIMIT)
        assert stalled.recv(100).startswith(b"HTTP/1.1 408 ")


def test_one_who_goes_away_leaves_no_work_behind(starting, monkeypatch, tmp_path):
    pieces = tmp_path / "pieces"
    monkeypatch.setenv("STUB_SLOWNESS", "0.3")
    monkeypatch.setenv("STUB_TRACE", str(pieces))
    serving = starting(jobs=1, waiting=0)
    long = recorded(60)  # a minute, of which a second takes .3
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{serving.url}api/encode", content=long, timeout=0.5)
    wait_until(lambda: httpx2.post(f"{serving.url}api/encode", content=recorded(0.1), timeout=LIMIT).status_code == 200)
    assert pieces.stat().st_size < 50  # of 60: the rest was never encoded


def test_the_real_model_at_another_speed_in_another_voice():
    with TestClient(make_app(), base_url="http://127.0.0.1") as client:
        sound = (SAMPLES / "slt-16k-mono.wav").read_bytes()
        coded = client.post("/api/encode", content=sound).content
        voice = client.post("/api/voice", content=(SAMPLES / "rms-44k-stereo.flac").read_bytes()).json()["voice"]
        usual = heard(client.post("/api/decode", content=coded))
        other = heard(client.post(f"/api/decode?voice={voice}", content=coded))
        quick = heard(client.post("/api/decode?speed=2", content=coded))
        wrong = client.post("/api/decode?voice=11", content=coded)
        bundled = client.get("/api/models").json()["voices"]
    assert len(other) == len(usual) == round(info(coded).seconds * 16000) and (other != usual).any()
    assert [one["name"] for one in bundled] == ["awb", "kal", "rms", "slt"]
    assert len(quick) == pytest.approx(len(usual) / 2, rel=0.01)
    assert wrong.status_code == 422 and "a voice of 1 bytes" in wrong.json()["error"]
