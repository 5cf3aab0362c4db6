"""All metrics of an evaluation by name, and the features of a reference that they share between codecs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
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

CONDITION_METRICS = ("pesq_wb", "stoi", "estoi", "speaker", "dnsmos")
"""Metrics under conditions, against the clean recording."""

DEGRADED_METRICS = ("pesq_wb", "stoi", "estoi", "speaker")
"""Metrics under conditions, against the degraded recording."""

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


@dataclass(frozen=True)
class Reference:
    """A recording and the features of it that metrics compare, each computed once when it is needed.

    Parameters
    ----------
    wave : ndarray of float32 [shape=(n,)]
        The recording.
    phones : sequence of str
        Phones that are spoken; empty if not known.
    """

    wave: Wave
    phones: Sequence[str] = ()

    @cached_property
    def voice(self) -> NDArray[np.float32]:
        """Speaker embedding [shape=(256,)]."""
        return speaker.voice(self.wave)

    @cached_property
    def f0(self) -> NDArray[np.float64]:
        """Pitch in Hz, 100 values a second."""
        return pitch.pitch(self.wave)

    @cached_property
    def speech(self) -> spectral.Speech | None:
        """Spectra; None for silence."""
        return spectral.listen(self.wave)


def measure(
    reference: Reference, decoded: Wave, output: Wave | None = None, keys: Collection[str] = tuple(METRICS)
) -> Figures:
    """Measure a decoded recording. If the reference is silent, voicing and phone error are not measured.

    Parameters
    ----------
    reference : Reference
        The recording before coding.
    decoded : ndarray of float32 [shape=(n,)]
        The decoded recording with the delay removed and the level matched.
    output : ndarray of float32 [shape=(n,)], optional
        The same before its level was matched, for level error and clipping. [default: decoded]
    keys : collection of str
        Metrics to be measured.
    """
    output = decoded if output is None else output
    found: dict[str, float | None] = {}
    for group, figures in _GROUPS.items():
        if not set(group).isdisjoint(keys):
            found |= zip(group, figures(reference, decoded, output), strict=True)
    return {key: _figure(found[key]) for key in METRICS if key in keys}


def _distances(reference: Reference, decoded: Wave, output: Wave) -> Sequence[float | None]:
    return spectral.distances(reference.speech, decoded) if reference.speech else (None, None, None)


def _pitch(reference: Reference, decoded: Wave, output: Wave) -> Sequence[float | None]:
    f0 = pitch.pitch(decoded)
    voicing = pitch.voicing(reference.f0, f0) if reference.speech else None
    return pitch.semitones(reference.f0, f0), voicing


def _opinion(reference: Reference, decoded: Wave, output: Wave) -> Sequence[float | None]:
    opinion = dnsmos.opinion(decoded)
    return opinion.overall, opinion.signal


def _phones(reference: Reference, decoded: Wave, output: Wave) -> Sequence[float | None]:
    known = reference.speech and reference.phones and phones.available()
    return (phones.error_rate(decoded, reference.phones) if known else None,)


_GROUPS: dict[tuple[str, ...], Callable[[Reference, Wave, Wave], Sequence[float | None]]] = {
    ("pesq_wb",): lambda reference, decoded, _: (perceptual.pesq(reference.wave, decoded, "wb"),),
    ("pesq_nb",): lambda reference, decoded, _: (perceptual.pesq(reference.wave, decoded, "nb"),),
    ("stoi",): lambda reference, decoded, _: (perceptual.stoi(reference.wave, decoded, extended=False),),
    ("estoi",): lambda reference, decoded, _: (perceptual.stoi(reference.wave, decoded, extended=True),),
    spectral.SpectralDistances._fields: _distances,
    ("level",): lambda reference, _, output: (loudness.level_error(reference.wave, output),),
    ("clipping",): lambda _, __, output: (loudness.clipping(output),),
    ("f0", "voicing"): _pitch,
    ("speaker",): lambda reference, decoded, _: (speaker.similarity(reference.voice, speaker.voice(decoded)),),
    ("dnsmos", "dnsmos_sig"): _opinion,
    ("per",): _phones,
}
"""Metrics that are computed together, and how."""


def _figure(value: float | None) -> float | None:
    """Round a figure; None if it is not finite."""
    return None if value is None or not np.isfinite(value) else round(float(value), 5)
