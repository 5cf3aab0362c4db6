"""Codecs to compare with, by name; each turns a recording into bytes and these back, with nothing kept in between."""

from collections.abc import Callable
from functools import cache

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers import (
    codec2,
    dac,
    encodec,
    focalcodec,
    lc3,
    lyra,
    mimi,
    opus,
    plugins,
    snac,
    speex,
)
from sottovoce.codec.evaluation.peers.anchors import GriffinLim, MuLaw, Pcm8k
from sottovoce.codec.evaluation.peers.base import RATE, MissingProgram, Peer, Wave, probe
from sottovoce.codec.evaluation.peers.external import CommandPeer, ExternalCodec, parse
from sottovoce.codec.evaluation.peers.settings import PeerSettings
from sottovoce.codec.evaluation.peers.sotto import FirstStage, Sotto

__all__ = ["ANCHORS", "FAMILIES", "NEURAL", "RATE", "MissingProgram", "Peer", "PeerSettings", "Wave", "names", "peer"]

_MAKERS: dict[str, tuple[Callable[[str], Peer], list[str]]] = {
    "codec2": (codec2.Codec2, list(codec2.MODES)),
    "opus": (opus.opus, list(opus.RATES)),
    "speex": (speex.Speex, list(speex.QUALITIES)),
    "lc3": (lc3.Lc3, list(lc3.RATES)),
}
_NEURAL_MAKERS: dict[str, tuple[Callable[[str, PeerSettings], Peer], list[str]]] = {
    "encodec": (encodec.Encodec, list(encodec.MODES)),
    "dac": (dac.Dac, list(dac.MODES)),
    "snac": (snac.Snac, list(snac.MODES)),
    "focalcodec": (focalcodec.FocalCodec, list(focalcodec.MODES)),
    "mimi": (mimi.Mimi, list(mimi.MODES)),
    "lyra": (lyra.Lyra, list(lyra.MODES)),
}
_ANCHORS: dict[str, Callable[[], Peer]] = {"pcm8k": Pcm8k, "mulaw": MuLaw, "griffin-lim": GriffinLim}

FAMILIES: dict[str, list[str]] = {
    family: [f"{family}:{mode}" for mode in modes] for family, (_, modes) in _MAKERS.items()
}
"""Names of the codecs of each family, in descending rate."""

NEURAL: dict[str, list[str]] = {
    family: [f"{family}:{mode}" for mode in modes] for family, (_, modes) in _NEURAL_MAKERS.items()
}
"""The same of the families that need weights in a folder."""

ANCHORS = list(_ANCHORS)
"""Names of what is always measured beside them."""


@cache
def peer(name: str, settings: PeerSettings = PeerSettings()) -> Peer:  # noqa: B008, it can't be changed
    """Return the codec of a name, warm: its imports and compilers have run.

    Parameters
    ----------
    name : str
        As `names` returns them.
    settings : PeerSettings
        Model, weights and commands.

    Raises
    ------
    MissingProgram
        When a program, package or weights that it needs are missing.
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
    made = _made(name, settings)
    made.decode(made.encode(probe()))
    return made


def _made(name: str, settings: PeerSettings) -> Peer:
    family, _, mode = name.partition(":")
    commands = _commands(settings)
    if name in commands:
        return CommandPeer(commands[name])
    if name in _ANCHORS:
        return _ANCHORS[name]()
    if name in FAMILIES.get(family, []):
        return _MAKERS[family][0](mode)
    if name in NEURAL.get(family, []):
        return _NEURAL_MAKERS[family][0](mode, settings)
    if family == "sotto":
        return Sotto(mode, settings.model)
    if family == "stage1":
        return FirstStage(mode, settings.model)
    if name in plugins.plugins():
        return plugins.load(plugins.plugins()[name])
    raise _unknown(name)


def _commands(settings: PeerSettings) -> dict[str, ExternalCodec]:
    return {codec.name: codec for codec in map(parse, settings.commands)}


def names(against: str, presets: list[str], settings: PeerSettings = PeerSettings()) -> list[str]:  # noqa: B008
    """Return the names of all that is to be compared, in the report's order.

    Parameters
    ----------
    against : str
        Families, single codecs, or ``stage1:PRESET`` for the codes of a preset through Griffin-Lim, separated by
        commas; or ``none``.
    presets : list of str
        Those of this codec.
    settings : PeerSettings
        External codecs in it are always compared.

    Returns
    -------
    list of str
        This codec, the others by family in descending rate, external ones, the anchors. Whether there are such presets,
        `peer` knows.

    Raises
    ------
    SottoError
        When there is no such family or codec, or an external one has a name that is taken.

    Examples
    --------
    >>> names("lc3, codec2:1300", ["low"])
    ['sotto:low', 'codec2:1300', 'lc3:16', 'pcm8k', 'mulaw', 'griffin-lim']
    """
    named = [] if against.strip() == "none" else [word.strip() for word in against.split(",")]
    families = _families()
    for word in named:
        family, _, mode = word.partition(":")
        if not (word in families or word in families.get(family, []) or (family == "stage1" and mode)):
            raise _unknown(word)
    commands = list(_commands(settings))
    for name in commands:
        if {name, name.partition(":")[0]} & {*families, *_ANCHORS, "original", "sotto", "stage1"}:
            raise SottoError(f"a codec of the name {name} is there already", "give the external one another name")
    ours = [f"sotto:{preset}" for preset in presets] + [word for word in named if word.startswith("stage1:")]
    others = [name for family, members in families.items() for name in members if {family, name} & set(named)]
    return list(dict.fromkeys([*ours, *others, *commands, *ANCHORS]))


def _families() -> dict[str, list[str]]:
    """Return the names of the codecs of all families, those of other packages among them."""
    families = {**FAMILIES, **NEURAL}
    for name in plugins.plugins():
        family = name.partition(":")[0]
        families[family] = [*families.get(family, []), name]
    return families


def _unknown(name: str) -> SottoError:
    singles = ", ".join(f"{family}:{members[0].partition(':')[2]}" for family, members in FAMILIES.items())
    return SottoError(
        f"no codec named {name!r}", f"choose of {', '.join(_families())}, single ones such as {singles}, or none"
    )
