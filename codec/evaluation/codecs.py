"""The codecs of an evaluation, by name: ours, peers, anchors, and the original among these."""

from collections.abc import Callable, Sequence

from sottovoce.codec.evaluation import peers
from sottovoce.codec.evaluation.original import NAME, OriginalRecording
from sottovoce.codec.evaluation.peers import Peer
from sottovoce.codec.evaluation.peers.settings import PeerSettings


def codec(name: str, settings: PeerSettings) -> Peer:
    """Return a codec, ready.

    Raises
    ------
    MissingProgram
        When a program isn't installed.
    SottoError
        When there is no such codec, preset or model.
    """
    return OriginalRecording() if name == NAME else peers.peer(name, settings)


def available(
    against: str, presets: Sequence[str], settings: PeerSettings, missed: Callable[[str, str], None]
) -> tuple[list[Peer], dict[str, str]]:
    """Return the codecs that were asked for, and how to get those that aren't here.

    Parameters
    ----------
    against : str
        Families or codecs, separated by commas; "none" for anchors only.
    presets : sequence of str
        Ours.
    settings : PeerSettings
        What codecs are made with.
    missed : callable
        Told at once of each that isn't here: its name, and the command that installs it.

    Returns
    -------
    found : list of Peer
        In the order of the tables: ours, peers, anchors, of which the original is the first.
    missing : dict
        Commands that install others, by the codecs' names.

    Raises
    ------
    SottoError
        When there is no such codec, preset or model.
    """
    names = peers.names(against, list(presets), settings)
    anchors = [name for name in names if name in peers.ANCHORS]
    found, missing = [], {}
    for name in [*(name for name in names if name not in anchors), NAME, *anchors]:
        try:
            found.append(codec(name, settings))
        except peers.MissingProgram as remedy:
            missing[name] = str(remedy)
            missed(name, str(remedy))
    return found, missing
