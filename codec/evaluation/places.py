"""Where things are in the folder of a report."""

from pathlib import Path


def own(folder: Path) -> tuple[Path, Path, Path]:
    """Return the folders in which an evaluation stores files: sound, results, and both of each condition."""
    return folder / "decoded", folder / "parts", folder / "conditions"


def condition(folder: Path, key: str) -> Path:
    """Return the folder of a condition, in which files are laid out as in that of the report."""
    return folder / "conditions" / key


def clip(folder: Path, codec: str, recording: str) -> Path:
    """Return the sound that a codec made of a recording: aligned, at its level."""
    return folder / "decoded" / directory(codec) / f"{recording}.flac"


def parts(folder: Path, codec: str) -> Path:
    """Return the folder of what is done already for a codec."""
    return folder / "parts" / directory(codec)


def directory(codec: str) -> str:
    """Return a codec's name as one of a folder, which may hold no colon on Windows."""
    return codec.replace(":", "-")
