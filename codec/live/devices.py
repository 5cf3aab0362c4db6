"""Microphones and loudspeakers: which there are, and which one the user means."""

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from sottovoce.codec.errors import SottoError

Side = Literal["input", "output"]

_CALLED: dict[Side, str] = {"input": "microphone", "output": "loudspeaker"}


@dataclass(frozen=True)
class Device:
    """A sound device.

    Attributes
    ----------
    index : int
        Its number among all of them.
    name, system : str
        What it is called, and which sound system offers it: ALSA, Core Audio, WASAPI.
    inputs, outputs : int
        Channels.
    rate : float
        Hz that it has by itself.
    input_latency, output_latency : float
        Seconds, the least that its driver offers.
    default_input, default_output : bool
        Whether it is used when none is named.
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
        """Tell whether it is a microphone (`input`) or a loudspeaker (`output`)."""
        return bool(self.inputs if side == "input" else self.outputs)

    def is_default(self, side: Side) -> bool:
        """Tell whether it is the one that is used when none is named."""
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
    """Return the device that is meant.

    Parameters
    ----------
    side : {"input", "output"}
        Whether a microphone or a loudspeaker is.
    wanted : str, int or None
        Its number, or words of which each is a part of its name or sound system; None is the default one.

    Raises
    ------
    SottoError
        When there is none, or several; also what `portaudio` raises.
    """
    there = [device for device in devices() if device.has(side)]
    called = _CALLED[side]
    if not there:
        raise SottoError(f"there is no {called}", "connect one; `sotto devices` lists what there is")
    if wanted is None:
        return next((device for device in there if device.is_default(side)), there[0])
    if str(wanted).isdecimal():
        meant = [device for device in there if device.index == int(wanted)]
    else:
        words = str(wanted).casefold().split()
        meant = [device for device in there if all(word in str(device).casefold() for word in words)]
        meant = [device for device in meant if device.name == wanted] or meant
    if len(meant) != 1:
        reason = f"{len(meant)} {called}s fit {str(wanted)!r}" if meant else f"no {called} {str(wanted)!r}"
        raise SottoError(reason, f"choose from: {', '.join(map(str, meant or there))}")
    return meant[0]
