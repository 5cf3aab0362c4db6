"""What listeners would say, by standards: PESQ of quality, STOI and ESTOI of intelligibility."""

import warnings

from sottovoce.codec.evaluation.peers.base import RATE, Wave

PIECE = 20 * RATE
"""Samples that PESQ judges at once: it is meant for 8 to 30 s, and its program breaks down at some 50 utterances."""

SHORTEST = 2 * RATE // 5
"""Samples that STOI needs: 30 frames."""


def pesq(reference: Wave, decoded: Wave, band: str) -> float | None:
    """Return the MOS-LQO of PESQ; None where it hears no speech.

    Recordings of more than 20 s are judged in pieces of 20 s, and the mean is taken, weighted by their lengths; pieces
    that can't be judged are left out.

    Parameters
    ----------
    reference, decoded : Wave
        Of one length.
    band : str
        "wb" (ITU-T P.862.2) or "nb" (P.862 mapped by P.862.1).
    """
    pieces = [slice(start, start + PIECE) for start in range(0, len(reference), PIECE)]
    scores = [(_pesq(reference[piece], decoded[piece], band), len(reference[piece])) for piece in pieces]
    judged = [(score, length) for score, length in scores if score is not None]
    if not judged:
        return None
    if len(pieces) == 1:
        return judged[0][0]
    return sum(score * length for score, length in judged) / sum(length for _, length in judged)


def _pesq(reference: Wave, decoded: Wave, band: str) -> float | None:
    from pesq import PesqError
    from pesq import pesq as score

    if not (reference.any() and decoded.any()):
        return None
    try:
        return float(score(RATE, reference, decoded, band))
    except PesqError:
        return None


def stoi(reference: Wave, decoded: Wave, *, extended: bool) -> float | None:
    """Return STOI (Taal et al. 2011) or ESTOI (Jensen and Taal 2016); None with less than 0.4 s of speech."""
    import pystoi

    if len(reference) < SHORTEST or not reference.any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # so it says that there is too little
        try:
            return float(pystoi.stoi(reference, decoded, RATE, extended=extended))
        except RuntimeWarning:
            return None
