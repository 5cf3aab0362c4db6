"""`sotto devices`."""

import json

import pytest

from sottovoce.codec.errors import SottoError
from sottovoce.codec.live.devices import Device

MICROPHONE = Device(0, "Inner microphone", "ALSA", 1, 0, 44100.0, 0.01, 0.0, True, False)
HEADSET = Device(11, "Headset", "ALSA", 1, 2, 48000.0, 0.01, 0.02, False, True)


@pytest.fixture
def there(monkeypatch):
    """Sets which devices there are."""
    return lambda *found: monkeypatch.setattr("sottovoce.cli.devices.devices", lambda: list(found))


def test_table(sotto, there):
    there(MICROPHONE, HEADSET)
    status, out, err = sotto("devices")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "     name                in   out       rate  system",
        "  0  Inner microphone    1*    0    44100 Hz  ALSA",
        " 11  Headset             1     2*   48000 Hz  ALSA",
    ]


def test_json(sotto, there):
    there(MICROPHONE, HEADSET)
    status, out, err = sotto("devices", "--json")
    assert (status, err) == (0, "")
    first, second = map(json.loads, out.splitlines())
    assert (first["index"], first["inputs"], first["default_input"]) == (0, 1, True)
    assert (second["name"], second["rate"], second["output_latency"]) == ("Headset", 48000, 0.02)


def test_none(sotto, there):
    there()
    assert sotto("devices") == (0, "", "note: no microphone or loudspeaker was found\n")


def test_no_sound_at_all(sotto, monkeypatch):
    def missing():
        raise SottoError("the PortAudio library is missing", "install it")

    monkeypatch.setattr("sottovoce.cli.devices.devices", missing)
    assert sotto("devices") == (2, "", "sotto: the PortAudio library is missing; install it\n")
