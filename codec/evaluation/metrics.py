"""All metrics of an evaluation by name, and the features of a reference that they share between codecs."""

from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation import dnsmos, loudness, perceptual, phones, pitch, speaker, spectral
from sottovoce.codec.evaluation.peers.base import Wave

Figures = dict[str, float | None]
"""Metrics of a recording by key; None if a metric cannot be measured or is not known."""


class Metric(NamedTuple):
    """A column of the tables.

    Attributes
    ----------
    title : str
        Its title, with the unit after a comma.
    digits : int
        Digits after the point.
    more : bool
        Whether higher is better.
    weight : str, optional
        Key of the figure by which each recording weighs in the mean. [all alike]
    """

    title: str
    digits: int
    more: bool
    weight: str | None = None


METRICS = {
    "pesq_wb": Metric("PESQ-WB", 2, True),
    "pesq_nb": Metric("PESQ-NB", 2, True),
    "stoi": Metric("STOI", 3, True),
    "estoi": Metric("ESTOI", 3, True),
    "mcd": Metric("MCD, dB", 2, False),
    "lsd": Metric("LSD, dB", 2, False),
    "lsd_high": Metric("LSD above 4 kHz, dB", 2, False),
    "level": Metric("level error, dB", 2, False),
    "clipping": Metric("clipped samples, %", 3, False),
    "f0": Metric("F0 RMSE, semitones", 2, False),
    "voicing": Metric("voicing error, %", 1, False),
    "speaker": Metric("speaker cosine", 3, True),
    "dnsmos": Metric("DNSMOS", 2, True),
    "dnsmos_sig": Metric("DNSMOS SIG", 2, True),
    "per": Metric("phone error, %", 1, False),
}

METRICS_VERSION = 2
"""Version of the metrics of this package; figures stored by another version are computed again."""

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
"""Distributions that the figures depend on, and the modules imported from them."""


def versions() -> dict[str, str | int]:
    """Return the versions of everything that the figures depend on.

    Raises
    ------
    SottoError
        When a package isn't installed.
    """
    for package in PACKAGES.values():
        if find_spec(package) is None:
            raise SottoError(f"evaluation needs {package}", "pip install 'sottovoce[eval]'")
    found: dict[str, str | int] = {package: metadata.version(package) for package in PACKAGES}
    return found | {"metrics": METRICS_VERSION, "phones": phones.identity() if phones.available() else ""}


class Reference(NamedTuple):
    """A recording and the features of it that metrics compare.

    Attributes
    ----------
    wave : Wave
        The recording.
    voice : ndarray [256]
        Speaker embedding.
    f0 : ndarray
        Pitch in Hz, 100 values a second.
    speech : Speech, optional
        Spectra; None for silence.
    phones : sequence of str
        Phones that are spoken; empty if not known.
    """

    wave: Wave
    voice: NDArray[np.float32]
    f0: NDArray[np.float64]
    speech: spectral.Speech | None
    phones: Sequence[str]


def refer(wave: Wave, spoken: Sequence[str] = ()) -> Reference:
    """Compute the features of a recording with these phones, for `measure`."""
    return Reference(wave, speaker.voice(wave), pitch.pitch(wave), spectral.listen(wave), spoken)


def measure(reference: Reference, decoded: Wave, output: Wave | None = None) -> Figures:
    """Measure a decoded recording. If the reference is silent, voicing and phone error are not measured.

    Parameters
    ----------
    reference : Reference
        The recording before coding.
    decoded : ndarray of float32 [shape=(n,)]
        The decoded recording with the delay removed and the level matched.
    output : ndarray of float32 [shape=(n,)], optional
        The same before its level was matched, for level error and clipping. [default: decoded]
    """
    output = decoded if output is None else output
    true, f0 = reference.wave, pitch.pitch(decoded)
    distances = spectral.distances(reference.speech, decoded)._asdict() if reference.speech else {}
    opinion = dnsmos.opinion(decoded)
    active = reference.speech is not None
    transcribed = active and reference.phones and phones.available()
    figures = {
        "pesq_wb": perceptual.pesq(true, decoded, "wb"),
        "pesq_nb": perceptual.pesq(true, decoded, "nb"),
        "stoi": perceptual.stoi(true, decoded, extended=False),
        "estoi": perceptual.stoi(true, decoded, extended=True),
        **{key: distances.get(key) for key in spectral.SpectralDistances._fields},
        "level": loudness.level_error(true, output),
        "clipping": loudness.clipping(output),
        "f0": pitch.semitones(reference.f0, f0),
        "voicing": pitch.voicing(reference.f0, f0) if active else None,
        "speaker": speaker.similarity(reference.voice, speaker.voice(decoded)),
        "dnsmos": opinion.overall,
        "dnsmos_sig": opinion.signal,
        "per": phones.error_rate(decoded, reference.phones) if transcribed else None,
    }
    return {key: _figure(value) for key, value in figures.items()}


def _figure(value: float | None) -> float | None:
    """Round a figure; None if it is not finite."""
    return None if value is None or not np.isfinite(value) else round(float(value), 5)
