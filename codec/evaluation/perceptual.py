"""What listeners would say, by standards: PESQ of quality, STOI and ESTOI of intelligibility."""

import warnings

from sottovoce.codec.evaluation.peers.base import RATE, Wave


def pesq(reference: Wave, decoded: Wave, band: str) -> float | None:
    """Return the MOS-LQO of PESQ; None where it hears no speech.

    Parameters
    ----------
    reference, decoded : Wave
        Of one length.
    band : str
        "wb" (ITU-T P.862.2) or "nb" (P.862 mapped by P.862.1).
    """
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

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # so it says that there is too little
        try:
            return float(pystoi.stoi(reference, decoded, RATE, extended=extended))
        except RuntimeWarning:
            return None
