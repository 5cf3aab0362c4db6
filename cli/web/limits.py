"""How much of everything the server takes."""

from dataclasses import dataclass, field

from sottovoce.cli.support.workers import cores


@dataclass(frozen=True)
class Limits:
    """What bounds the server's memory and work, whoever comes.

    Parameters
    ----------
    sound_bytes, coded_bytes : int
        Of a recording that is uploaded, and of a .sotto file.
    seconds : float
        Of speech in either.
    jobs, waiting : int
        How many are coded at once, and how many more are uploaded or wait for their turn.
    sessions : int
        Live round trips at once.
    message : int
        Bytes of sound in a message of a live session.
    hello, idle, upload : float
        Seconds until a request must be there or a live session begin, that either may send nothing, and that an upload
        may take.
    ahead : float
        Seconds by which a live session's sound may come sooner than it was spoken.
    behind : float
        Seconds of sound that may wait to be coded, and to be sent.
    connections, per_address : int
        All that are open, and those of one address.
    """

    sound_bytes: int = 32 << 20
    coded_bytes: int = 1 << 20
    seconds: float = 600
    jobs: int = field(default_factory=cores)
    waiting: int = 16
    sessions: int = 4
    message: int = 64 << 10
    hello: float = 10
    idle: float = 10
    upload: float = 600
    ahead: float = 3
    behind: float = 2
    connections: int = 32
    per_address: int = 24
