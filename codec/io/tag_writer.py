"""Tags into recordings that have just been written: by mutagen, to the formats other than WAV."""

from collections.abc import Mapping, Sequence

from sottovoce.models.audio.tag_names import ID3

MISSING = "its tags are not written without mutagen: pip install 'sottovoce[formats]'"


def write_tags(path: str, suffix: str, tags: Mapping[str, Sequence[str]]) -> bool:
    """Write tags into a complete recording.

    Parameters
    ----------
    path : str
        A file of the format that the suffix says.
    suffix : str
        One of `WRITTEN_SUFFIXES` other than ``.wav``.
    tags : mapping of str to sequence of str
        The values of each key.

    Returns
    -------
    bool
        False when mutagen is not installed.
    """
    try:
        import mutagen
        from mutagen.id3 import COMM, TXXX, Frames
        from mutagen.id3 import ID3 as Id3Tags
    except ImportError:
        return False
    if suffix != ".mp3":
        recording = mutagen.File(path)
        for key, values in tags.items():
            recording[key] = list(values)
        recording.save()
        return True
    names = {key: name for name, key in ID3.items()}
    frames = Id3Tags()
    for key, values in tags.items():
        text = list(values)
        if key in names:
            frames.add(Frames[names[key]](encoding=3, text=text))
        elif key == "COMMENT":
            frames.add(COMM(encoding=3, lang="und", desc="", text=text))
        else:
            frames.add(TXXX(encoding=3, desc=key, text=text))
    frames.save(path, padding=lambda info: 0)
    return True
