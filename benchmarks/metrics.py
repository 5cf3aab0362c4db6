"""How near a decoded recording is to its reference; all waves are mono float32 at 16 kHz."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.training.shards import fundamental

RATE = 16000
REACH = 1600  # samples either way in which a codec's delay is looked for
COARSE = 16  # samples a point of the envelopes that find the delay of codecs which keep no phase
Wave = NDArray[np.float32]


class Metric(NamedTuple):
    """A column of the table: its title, digits after the point, and whether more is better."""

    title: str
    digits: int
    more: bool


METRICS = {
    "pesq": Metric("PESQ-WB", 2, True),
    "stoi": Metric("STOI", 3, True),
    "estoi": Metric("ESTOI", 3, True),
    "speaker": Metric("speaker cosine", 3, True),
    "f0": Metric("F0 RMSE, semitones", 2, False),
    "voicing": Metric("voicing error, %", 1, False),
}


class Reference(NamedTuple):
    """A recording and what of it the metrics compare."""

    wave: Wave
    voice: NDArray[np.float32]
    f0: NDArray[np.float64]


def refer(wave: Wave) -> Reference:
    """Prepare a recording for `measure`."""
    return Reference(wave, voice(wave), pitch(wave))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep back that pyworld and Resemblyzer import what will be gone one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pitch(wave: Wave) -> NDArray[np.float64]:
    """F0 in Hz at 100 Hz, 0 where unvoiced."""
    with quiet():
        return fundamental(wave.astype(np.float64)).astype(np.float64)


@cache
def _voice_encoder():
    from resemblyzer import VoiceEncoder

    return VoiceEncoder("cpu", verbose=False)


def voice(wave: Wave) -> NDArray[np.float32]:
    """Unit vector of the speaker (Resemblyzer, after Wan et al. 2018)."""
    with quiet():
        from resemblyzer import preprocess_wav

        return _voice_encoder().embed_utterance(preprocess_wav(wave))


def measure(reference: Reference, decoded: Wave) -> dict[str, float | None]:
    """All metrics of a decoded recording that is aligned with its reference; None for what can't be measured."""
    from pesq import PesqError, pesq
    from pystoi import stoi

    wave = reference.wave
    try:
        opinion = pesq(RATE, wave, decoded, "wb")
    except (PesqError, ValueError):  # it hears no utterance in one of them; the latter in digital silence
        opinion = np.nan
    f0_error, voicing = _pitch_errors(reference.f0, pitch(decoded))
    values = {
        "pesq": opinion,
        "stoi": stoi(wave, decoded, RATE),
        "estoi": stoi(wave, decoded, RATE, extended=True),
        "speaker": reference.voice @ voice(decoded),
        "f0": f0_error,
        "voicing": voicing,
    }
    return {name: round(float(value), 5) if np.isfinite(value) else None for name, value in values.items()}


def _pitch_errors(true: NDArray[np.float64], got: NDArray[np.float64]) -> tuple[float, float]:
    """RMS semitones where both are voiced (octave errors weigh most), and % of frames that differ in voicing."""
    both = (true > 0) & (got > 0)
    semitones = 12 * np.log2(got[both] / true[both])
    rms = np.sqrt(np.mean(semitones**2)) if len(semitones) >= 10 else np.nan
    return float(rms), float(100 * np.mean((true > 0) != (got > 0)))


# ---------------------------------------------------------------- alignment
def delay(references: Sequence[Wave], decoded: Sequence[Wave]) -> int:
    """The one delay of a codec, in samples: where the cross-correlation, averaged over all recordings, peaks.

    Below a peak of 0.4 the codec keeps no phase, and the envelopes decide.
    """
    fine = _mean_correlation(references, decoded, REACH)
    if fine.max() >= 0.4:
        return int(np.argmax(fine)) - REACH
    coarse = _mean_correlation([_envelope(x) for x in references], [_envelope(y) for y in decoded], REACH // COARSE)
    return (int(np.argmax(coarse)) - REACH // COARSE) * COARSE


def _mean_correlation(references: Sequence[Wave], decoded: Sequence[Wave], reach: int) -> NDArray[np.float64]:
    return np.mean([_correlation(*pair, reach) for pair in zip(references, decoded, strict=True)], 0)


def _correlation(x: Wave, y: Wave, reach: int) -> NDArray[np.float64]:
    """Normalised cross-correlation at lags -reach..reach; at positive ones y is late."""
    size = 1 << (len(x) + len(y) + reach).bit_length()
    product = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    return np.roll(product, reach)[: 2 * reach + 1] / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-9)


def _envelope(wave: Wave) -> Wave:
    smooth = np.convolve(np.abs(wave), np.hanning(160), "same")[::COARSE]
    return (smooth - smooth.mean()).astype(np.float32)


def align(wave: Wave, lag: int, reference: Wave) -> Wave:
    """Take a delay away, and give the wave the reference's length and power."""
    wave = wave[lag:] if lag >= 0 else np.pad(wave, (-lag, 0))
    wave = np.pad(wave[: len(reference)], (0, max(0, len(reference) - len(wave))))
    gain = np.sqrt(np.mean(reference**2) / (np.mean(wave**2) + 1e-12))
    return (wave * gain).astype(np.float32)


# ---------------------------------------------------------------- summary
def interval(values: Sequence[float | None], speakers: Sequence[str], draws: int = 2000) -> dict[str, float] | None:
    """Mean and its 95 % bootstrap interval.

    Speakers are drawn, not recordings, since those of one speaker go together; of fewer than three speakers,
    recordings.
    """
    known = [i for i, value in enumerate(values) if value is not None]
    if not known:
        return None
    numbers = np.array([values[i] for i in known], float)
    _, group = np.unique([speakers[i] for i in known], return_inverse=True)
    if group.max() < 2:
        group = np.arange(len(numbers))
    total, count = np.bincount(group, numbers), np.bincount(group)
    drawn = np.random.default_rng(1).integers(0, len(total), (draws, len(total)))
    low, high = np.percentile(total[drawn].sum(1) / count[drawn].sum(1), (2.5, 97.5))
    return {"mean": round(numbers.mean(), 4), "low": round(low, 4), "high": round(high, 4), "files": len(known)}
