"""Codecs to compare with, by name; each turns a recording into bytes and these back, with nothing kept in between."""

from collections.abc import Callable
from functools import cache

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers import codec2, lc3, opus, speex
from sottovoce.codec.evaluation.peers.anchors import GriffinLim, MuLaw, Pcm8k
from sottovoce.codec.evaluation.peers.base import RATE, MissingProgram, Peer, Wave, probe
from sottovoce.codec.evaluation.peers.sotto import FirstStage, Sotto

__all__ = ["ANCHORS", "FAMILIES", "RATE", "MissingProgram", "Peer", "Wave", "names", "peer"]

_MAKERS: dict[str, tuple[Callable[[str], Peer], list[str]]] = {
    "codec2": (codec2.Codec2, list(codec2.MODES)),
    "opus": (opus.opus, list(opus.RATES)),
    "speex": (speex.Speex, list(speex.QUALITIES)),
    "lc3": (lc3.Lc3, list(lc3.RATES)),
}
_ANCHORS: dict[str, Callable[[], Peer]] = {"pcm8k": Pcm8k, "mulaw": MuLaw, "griffin-lim": GriffinLim}

FAMILIES: dict[str, list[str]] = {
    family: [f"{family}:{mode}" for mode in modes] for family, (_, modes) in _MAKERS.items()
}
"""Names of the codecs of each family, in descending rate."""

ANCHORS = list(_ANCHORS)
"""Names of what is always measured beside them."""


@cache
def peer(name: str, model: str = "default") -> Peer:
    """Return the codec of a name, warm: its imports and compilers have run.

    Parameters
    ----------
    name : str
        As `names` returns them.
    model : str
        Name or path of the model, for ours.

    Raises
    ------
    MissingProgram
        When a program or package that it needs isn't installed.
    SottoError
        When there is no such codec, preset or model, or a program fails.

    Examples
    --------
    >>> codec = peer("mulaw")
    >>> codec.bit_rate
    128000.0
    >>> len(codec.encode(probe()))
    16000
    """
    made = _made(name, model)
    made.decode(made.encode(probe()))
    return made


def _made(name: str, model: str) -> Peer:
    family, _, mode = name.partition(":")
    if name in _ANCHORS:
        return _ANCHORS[name]()
    if name in FAMILIES.get(family, []):
        return _MAKERS[family][0](mode)
    if family == "sotto":
        return Sotto(mode, model)
    if family == "stage1":
        return FirstStage(mode, model)
    raise _unknown(name)


def names(against: str, presets: list[str]) -> list[str]:
    """Return the names of all that is to be compared, in the report's order.

    Parameters
    ----------
    against : str
        Families, single codecs, or ``stage1:PRESET`` for the codes of a preset through Griffin-Lim, separated by
        commas; or ``none``.
    presets : list of str
        Those of ours.

    Returns
    -------
    list of str
        Ours, the others by family in descending rate, the anchors. Whether there are such presets, `peer` knows.

    Raises
    ------
    SottoError
        When there is no such family or codec.

    Examples
    --------
    >>> names("lc3, codec2:1300", ["low"])
    ['sotto:low', 'codec2:1300', 'lc3:16', 'pcm8k', 'mulaw', 'griffin-lim']
    """
    named = [] if against.strip() == "none" else [word.strip() for word in against.split(",")]
    for word in named:
        family, _, mode = word.partition(":")
        if not (word in FAMILIES or word in FAMILIES.get(family, []) or (family == "stage1" and mode)):
            raise _unknown(word)
    ours = [f"sotto:{preset}" for preset in presets] + [word for word in named if word.startswith("stage1:")]
    others = [name for family, members in FAMILIES.items() for name in members if {family, name} & set(named)]
    return list(dict.fromkeys([*ours, *others, *ANCHORS]))


def _unknown(name: str) -> SottoError:
    singles = ", ".join(f"{family}:{members[0].partition(':')[2]}" for family, members in FAMILIES.items())
    return SottoError(
        f"no codec named {name!r}", f"choose of {', '.join(FAMILIES)}, single ones such as {singles}, or none"
    )
