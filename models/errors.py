"""The error that a user can understand and act on."""


class SottoError(Exception):
    """Something that the user can understand and act on.

    Parameters
    ----------
    reason : str
        What is wrong, in a few words.
    remedy : str
        What to do about it, in a few words.
    file : str
        The file concerned, if any.
    """

    def __init__(self, reason: str, remedy: str, file: str = "") -> None:
        super().__init__(reason, remedy, file)  # all of them, so that a worker process can pickle it
        self.reason = reason
        self.remedy = remedy
        self.file = file

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.file, f"{self.reason}; {self.remedy}")))
