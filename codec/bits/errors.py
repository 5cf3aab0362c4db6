"""The one exception that bytes can cause."""


class FormatError(ValueError):
    """The bytes are no file that this version can read.

    Parameters
    ----------
    reason : str
        What is wrong, in a few words.
    remedy : str
        What the reader can do about it, in a few words.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"
