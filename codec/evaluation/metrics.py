"""All metrics of an evaluation, by name, and what of a reference they need again for every codec."""

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation import dnsmos, perceptual, phones, pitch, speaker, spectral
from sottovoce.codec.evaluation.peers.base import Wave

Figures = dict[str, float | None]
"""A recording's metrics by key; None for what can't be measured or isn't known."""


class Metric(NamedTuple):
    """A column of the tables: its title, digits after the point, and whether more is better."""

    title: str
    digits: int
    more: bool


METRICS = {
    "pesq_wb": Metric("PESQ-WB", 2, True),
    "pesq_nb": Metric("PESQ-NB", 2, True),
    "stoi": Metric("STOI", 3, True),
    "estoi": Metric("ESTOI", 3, True),
    "mcd": Metric("MCD, dB", 2, False),
    "lsd": Metric("LSD, dB", 2, False),
    "f0": Metric("F0 RMSE, semitones", 2, False),
    "voicing": Metric("voicing error, %", 1, False),
    "speaker": Metric("speaker cosine", 3, True),
    "dnsmos": Metric("DNSMOS", 2, True),
    "dnsmos_sig": Metric("DNSMOS SIG", 2, True),
    "per": Metric("phone error, %", 1, False),
}

OWN = 1
"""Version of what is defined here; another one makes figures that were kept worthless."""

PACKAGES = {
    "numpy": "numpy",
    "pesq": "pesq",
    "pystoi": "pystoi",
    "pyworld": "pyworld",
    "resemblyzer": "resemblyzer",
    "librosa": "librosa",
    "torch": "torch",
    "speechmos": "speechmos",
    "onnxruntime": "onnxruntime",
}
"""What the figures depend on: distributions, and what is imported of them."""


def versions() -> dict[str, str | int]:
    """Return the versions of all that decides the figures.

    Raises
    ------
    SottoError
        When a package isn't installed.
    """
    for package in PACKAGES.values():
        if find_spec(package) is None:
            raise SottoError(f"evaluation needs {package}", "pip install 'sottovoce[eval]'")
    found: dict[str, str | int] = {package: metadata.version(package) for package in PACKAGES}
    return found | {"metrics": OWN, "phones": phones.identity() if phones.available() else ""}


class Reference(NamedTuple):
    """A recording and what of it the metrics compare.

    Attributes
    ----------
    wave : Wave
        The recording.
    voice : ndarray [256]
        Its speaker.
    f0 : ndarray
        Hz at 100 Hz.
    speech : Speech, optional
        Its spectra; None for silence.
    phones : sequence of str
        What is spoken; empty where it isn't known.
    """

    wave: Wave
    voice: NDArray[np.float32]
    f0: NDArray[np.float64]
    speech: spectral.Speech | None
    phones: Sequence[str]


def refer(wave: Wave, spoken: Sequence[str] = ()) -> Reference:
    """Prepare a recording, in which these phones are spoken, for `measure`."""
    return Reference(wave, speaker.voice(wave), pitch.pitch(wave), spectral.listen(wave), spoken)


def measure(reference: Reference, decoded: Wave) -> Figures:
    """Measure a decoded recording that is aligned with its reference, of which silence has neither voice nor phones."""
    true, f0 = reference.wave, pitch.pitch(decoded)
    mcd, lsd = spectral.distances(reference.speech, decoded) if reference.speech else (None, None)
    opinion = dnsmos.opinion(decoded)
    heard = reference.speech is not None
    said = heard and reference.phones and phones.available()
    figures = {
        "pesq_wb": perceptual.pesq(true, decoded, "wb"),
        "pesq_nb": perceptual.pesq(true, decoded, "nb"),
        "stoi": perceptual.stoi(true, decoded, extended=False),
        "estoi": perceptual.stoi(true, decoded, extended=True),
        "mcd": mcd,
        "lsd": lsd,
        "f0": pitch.semitones(reference.f0, f0),
        "voicing": pitch.voicing(reference.f0, f0) if heard else None,
        "speaker": speaker.similarity(reference.voice, speaker.voice(decoded)),
        "dnsmos": opinion.overall,
        "dnsmos_sig": opinion.signal,
        "per": phones.error_rate(decoded, reference.phones) if said else None,
    }
    return {key: _figure(value) for key, value in figures.items()}


def _figure(value: float | None) -> float | None:
    """Round a figure; what is no number isn't known."""
    return None if value is None or not np.isfinite(value) else round(float(value), 5)
