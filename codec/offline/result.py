"""Results of encoding and decoding, and the warnings for users in them."""

from dataclasses import dataclass

from sottovoce.codec.io.tag_writer import MISSING


@dataclass(frozen=True)
class Encoded:
    """Result of encoding a recording.

    Parameters
    ----------
    seconds : float
        Length of the recording.
    bytes : int
        Size of the file in bytes, everything counted.
    """

    seconds: float
    bytes: int

    @property
    def bit_rate(self) -> float:
        """Bits of the file per second."""
        return 8 * self.bytes / self.seconds


@dataclass(frozen=True)
class Decoded:
    """Result of decoding a file, or several that follow each other.

    Parameters
    ----------
    files : int
        Number of files.
    seconds : float
        Length of the decoded speech.
    blocks, damaged : int
        Number of blocks decoded, and of those that were damaged and concealed.
    missing : float
        Seconds of speech that the header states and the file does not contain.
    restored : int
        Number of lost blocks that parity restored.
    skipped : int
        Bytes between damaged headers and the next ones that could be read.
    complete : bool
        Whether each file has its end, as far as it was read.
    trailing : bool
        Whether something else than a .sotto file follows an end.
    ends : float or None
        End of the recording in seconds, if that is before the end of the requested part.
    extra : float
        Seconds of speech beyond the length that an end states: repeated, or of another file.
    foreign : int
        Bytes between blocks that are not part of the file.
    untagged : bool
        Whether tags could not be written, as mutagen is not installed.
    """

    files: int
    seconds: float
    blocks: int
    damaged: int
    missing: float
    complete: bool
    restored: int = 0
    skipped: int = 0
    trailing: bool = False
    ends: float | None = None
    untagged: bool = False
    extra: float = 0.0
    foreign: int = 0

    def __add__(self, other: "Decoded") -> "Decoded":
        return Decoded(
            files=self.files + other.files,
            seconds=self.seconds + other.seconds,
            blocks=self.blocks + other.blocks,
            damaged=self.damaged + other.damaged,
            missing=self.missing + other.missing,
            complete=self.complete and other.complete,
            restored=self.restored + other.restored,
            skipped=self.skipped + other.skipped,
            trailing=self.trailing or other.trailing,
            extra=self.extra + other.extra,
            foreign=self.foreign + other.foreign,
        )

    def warnings(self) -> list[str]:
        """Return what the user should know about damage, a line each."""
        lines = []
        if self.skipped:
            lines.append(f"a header is damaged, the next one was read, {self.skipped} bytes on")
        if self.restored:
            lines.append(f"{self.restored} of {self.blocks} blocks lost, restored")
        if self.damaged:
            lines.append(f"{self.damaged} of {self.blocks} blocks damaged, concealed")
        if self.missing and (self.complete or self.files > 1):
            lines.append(f"{self.missing:.2f} s are missing")
        elif self.missing:
            lines.append(f"cut off, the last {self.missing:.2f} s are missing")
        elif not self.complete:
            lines.append("the end is damaged or missing")
        if self.extra:
            lines.append(f"{self.extra:.2f} s more than its end states: repeated, or of another file")
        if self.foreign:
            lines.append(f"{self.foreign} bytes between its blocks are not part of it, ignored")
        if self.trailing:
            lines.append("something else follows the end, ignored")
        if self.ends is not None:
            lines.append(f"it ends at {self.ends:.2f} s already")
        if self.untagged:
            lines.append(MISSING)
        return lines
