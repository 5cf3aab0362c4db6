"""What came out of encoding and of decoding, and what users should know of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Encoded:
    """What became of a recording.

    Parameters
    ----------
    seconds : float
        Length of the recording.
    bytes : int
        Size of the file, everything counted.
    """

    seconds: float
    bytes: int

    @property
    def bit_rate(self) -> float:
        """Bits of the file for each second."""
        return 8 * self.bytes / self.seconds


@dataclass(frozen=True)
class Decoded:
    """What came out of a file, or of several in one.

    Parameters
    ----------
    files : int
        How many.
    seconds : float
        Length of the speech.
    blocks, damaged : int
        Blocks that were decoded, and how many of these had to be concealed.
    missing : float
        Seconds that were promised but aren't there.
    restored : int
        Blocks of these that were lost, and restored by what protects them.
    skipped : int
        Bytes that couldn't be read where headers should be, up to the next ones, which could.
    complete : bool
        Whether each file ends as it should, as far as it was read.
    trailing : bool
        Whether something foreign follows an end.
    ends : float or None
        Where the recording ends, in seconds, if that is before the end of the part that was asked for.
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
        if self.trailing:
            lines.append("something else follows the end, ignored")
        if self.ends is not None:
            lines.append(f"it ends at {self.ends:.2f} s already")
        return lines
