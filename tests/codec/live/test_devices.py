import builtins
import sys

import pytest

from sottovoce.codec.errors import SottoError
from sottovoce.codec.live.devices import devices, find


def test_listed(sound):
    first, second, *_ = devices()
    assert (first.index, first.name, first.system, first.inputs, first.outputs) == (0, "Inner microphone", "MME", 2, 0)
    assert (first.rate, first.input_latency, first.output_latency) == (48000, 0.01, 0.02)
    assert (first.default_input, first.default_output) == (True, False)
    assert (second.default_input, second.default_output) == (False, True)
    assert sum(device.default_input for device in devices()) == 1  # that of the system which is used, and no other's


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(None, 0), (2, 2), ("2", 2), ("inner", 0), ("MICRO", 0), ("headset wasapi", 3), ("Inner microphone", 0)],
)
def test_found(sound, wanted, index):
    assert find("input", wanted).index == index


def test_the_whole_name_wins(sound):
    sound.devices[2]["name"] = "Inner microphone 2"
    assert find("input", "Inner microphone").index == 0


def test_without_a_default_the_first_is_taken(sound):
    sound.systems[0]["default_output_device"] = -1
    assert find("output").index == 1


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ("headset", "2 microphones match 'headset'; choose from: 2 Headset (MME), 3 Headset (WASAPI)"),
        ("1", "no microphone '1'; choose from: 0 Inner microphone (MME), 2 Headset (MME), 3 Headset (WASAPI)"),
        (9, "no microphone '9'; choose from: 0 Inner microphone (MME), 2 Headset (MME), 3 Headset (WASAPI)"),
        ("dictaphone", "no microphone 'dictaphone'; choose from: 0 Inner microphone (MME), 2 Headset (MME), 3 "),
    ],
)
def test_not_found(sound, wanted, line):
    with pytest.raises(SottoError) as error:
        find("input", wanted)
    assert str(error.value).startswith(line)


@pytest.mark.parametrize(("side", "called"), [("input", "microphone"), ("output", "loudspeaker")])
def test_there_is_none(sound, side, called):
    sound.devices.clear()
    assert devices() == []
    with pytest.raises(SottoError, match=f"there is no {called}; connect one"):
        find(side)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModuleNotFoundError("No module named 'sounddevice'"), r"package sounddevice; pip install 'sottovoce\[live\]'"),
        (OSError("PortAudio library not found"), "PortAudio library is missing; .*apt install libportaudio2"),
        (
            RuntimeError("Error initializing PortAudio"),
            r"PortAudio doesn't start \(Error initializing PortAudio\); check",
        ),
    ],
)
def test_no_sound_at_all(monkeypatch, error, line):
    real = builtins.__import__

    def refuse(name, *rest):
        if name == "sounddevice":
            raise error
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SottoError, match=line):
        find("input")
