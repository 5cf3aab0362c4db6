"""Microphones and loudspeakers: the list of them, and the one that a name selects."""

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from sottovoce.codec.errors import SottoError

Side = Literal["input", "output"]

_NAMES: dict[Side, str] = {"input": "microphone", "output": "loudspeaker"}


@dataclass(frozen=True)
class Device:
    """A sound device.

    Attributes
    ----------
    index : int
        Number in the list of all devices.
    name, system : str
        Name, and the sound system that offers it: ALSA, Core Audio, WASAPI.
    inputs, outputs : int
        Number of channels.
    rate : float
        Its default sample rate, Hz.
    input_latency, output_latency : float
        Lowest latency that its driver offers, seconds.
    default_input, default_output : bool
        Whether it is the default device.
    """

    index: int
    name: str
    system: str
    inputs: int
    outputs: int
    rate: float
    input_latency: float
    output_latency: float
    default_input: bool
    default_output: bool

    def has(self, side: Side) -> bool:
        """Return whether it is a microphone (`input`) or a loudspeaker (`output`)."""
        return bool(self.inputs if side == "input" else self.outputs)

    def is_default(self, side: Side) -> bool:
        """Return whether it is the default device of this kind."""
        return self.default_input if side == "input" else self.default_output

    def __str__(self) -> str:
        return f"{self.index} {self.name} ({self.system})"


def portaudio() -> ModuleType:
    """Import sounddevice.

    Raises
    ------
    SottoError
        When it or the PortAudio library isn't there, or doesn't start.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise SottoError("sound devices need the package sounddevice", "pip install 'sottovoce[live]'") from error
    except OSError as error:
        remedy = "install it, on Debian or Ubuntu with `apt install libportaudio2`"
        raise SottoError("the PortAudio library is missing", remedy) from error
    except Exception as error:  # a class of a module that couldn't be imported
        raise SottoError(f"PortAudio doesn't start ({error})", "check the sound system of this machine") from error
    return sounddevice


def devices() -> list[Device]:
    """Return all sound devices; see `portaudio` for what is raised."""
    sound = portaudio()
    systems = sound.query_hostapis()
    used = systems[sound.default.hostapi] if systems else {}
    return [
        Device(
            index=index,
            name=found["name"],
            system=systems[found["hostapi"]]["name"],
            inputs=found["max_input_channels"],
            outputs=found["max_output_channels"],
            rate=found["default_samplerate"],
            input_latency=found["default_low_input_latency"],
            output_latency=found["default_low_output_latency"],
            default_input=index == used["default_input_device"],
            default_output=index == used["default_output_device"],
        )
        for index, found in enumerate(sound.query_devices())
    ]


def find(side: Side, wanted: str | int | None = None) -> Device:
    """Return the device that a name selects.

    Parameters
    ----------
    side : {"input", "output"}
        Microphone or loudspeaker.
    wanted : str, int or None
        Its number, or words that all occur in its name or sound system; None is the default device.

    Raises
    ------
    SottoError
        When no device or several match; also what `portaudio` raises.
    """
    there = [device for device in devices() if device.has(side)]
    kind = _NAMES[side]
    if not there:
        raise SottoError(f"there is no {kind}", "connect one; `sotto devices` lists them")
    if wanted is None:
        return next((device for device in there if device.is_default(side)), there[0])
    if str(wanted).isdecimal():
        matching = [device for device in there if device.index == int(wanted)]
    else:
        words = str(wanted).casefold().split()
        matching = [device for device in there if all(word in str(device).casefold() for word in words)]
        matching = [device for device in matching if device.name == wanted] or matching
    if len(matching) != 1:
        reason = f"{len(matching)} {kind}s match {str(wanted)!r}" if matching else f"no {kind} {str(wanted)!r}"
        raise SottoError(reason, f"choose from: {', '.join(map(str, matching or there))}")
    return matching[0]
