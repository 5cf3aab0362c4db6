"""Conditions under which codecs are measured: noise, reverberation, narrow bands, lost packets, several generations.

A condition degrades the recording before it is encoded, or what happens between encoder and decoder. Degraded
recordings are stored as FLAC, so that they can be listened to, and the same recordings go to all codecs.
"""

from collections.abc import Sequence

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.conditions.base import Condition
from sottovoce.codec.evaluation.conditions.channel import Band, Reverberation
from sottovoce.codec.evaluation.conditions.noise import Noise
from sottovoce.codec.evaluation.transmission import Transmission

__all__ = ["Band", "Condition", "Noise", "Reverberation", "conditions"]


def conditions(
    *,
    noise: Sequence[str] = (),
    snr: Sequence[float] = (),
    reverb: Sequence[float] = (),
    band: Sequence[str] = (),
    loss: Sequence[float] = (),
    burst: float = 1.0,
    tandem: Sequence[int] = (),
) -> list[Condition]:
    """Return all conditions of these settings.

    Parameters
    ----------
    noise : sequence of str
        "pink", "babble" or folders of noise.
    snr : sequence of float [dB]
        Signal-to-noise ratios for each noise.
    reverb : sequence of float [s]
        Reverberation times.
    band : sequence of str
        Names of `Band.BANDS`.
    loss : sequence of float [%]
        Shares of packets that are lost.
    burst : float
        Mean number of packets lost in a row.
    tandem : sequence of int
        Numbers of generations.

    Raises
    ------
    SottoError
        When there is no such noise or band, or a number is out of range.

    Examples
    --------
    >>> [one.key for one in conditions(noise=["pink"], snr=[5, 10], loss=[10], burst=3, tandem=[2])]
    ['noise-pink-5', 'noise-pink-10', 'loss-10-burst-3', 'tandem-2']
    """
    return [
        *(Noise.of(source, ratio).condition() for source in noise for ratio in sorted(snr)),
        *(Reverberation(seconds).condition() for seconds in sorted(reverb)),
        *(Band(name).condition() for name in band),
        *(_lossy(percent, burst) for percent in sorted(loss)),
        *(_tandem(generations) for generations in sorted(tandem)),
    ]


def _lossy(percent: float, burst: float) -> Condition:
    if not 0 < percent < 100:
        raise SottoError(f"a loss of {percent:g} % can't be measured", "give shares above 0 and below 100")
    kind = f"loss in bursts of {burst:g} packets" if burst > 1 else "loss of single packets"
    return Condition(
        key=f"loss-{percent:g}-burst-{burst:g}",
        kind=f"packet {kind}",
        title=f"{percent:g} % packet {kind}",
        value=percent,
        unit="% of packets lost",
        clean=0.0,
        transmission=Transmission(loss=percent / 100, burst=burst),
    )


def _tandem(generations: int) -> Condition:
    if generations < 2:
        raise SottoError(f"{generations} generations are no condition", "give 2 or more for --tandem")
    return Condition(
        key=f"tandem-{generations}",
        kind="generations",
        title=f"{generations} generations",
        value=float(generations),
        unit="generations",
        clean=1.0,
        transmission=Transmission(generations=generations),
    )
