"""Tokens of recordings as records: what a corpus holds of each recording, whatever the format of its files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.tokens import Tokens

FIELDS = ("path", "seconds", "codes", "speaker_vector", "level", "model", "preset")
"""Names of the fields of a record that are not labels."""


@dataclass(frozen=True)
class TokenRecord:
    """The tokens of a recording, its name and its labels.

    Attributes
    ----------
    path : str
        Path of the recording below the folder of the corpus.
    tokens : Tokens
    labels : dict of str to str
        Text, language and the like, from a table.
    """

    path: str
    tokens: Tokens
    labels: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return all fields but the codes as plain values, the speaker vector as a list."""
        tokens = self.tokens
        return {
            "path": self.path,
            "seconds": tokens.seconds,
            "speaker_vector": list(tokens.speaker_vector),
            "level": tokens.level,
            "model": tokens.model,
            "preset": tokens.preset,
            **self.labels,
        }

    @classmethod
    def of(cls, codes: Any, facts: Mapping[str, Any]) -> "TokenRecord":
        """Return the record of codes and of what `facts` returned.

        Raises
        ------
        SottoError
            When a field is missing or is not valid.
        """
        try:
            tokens = Tokens(
                np.asarray(codes, np.int16),
                bytes(facts["speaker_vector"]),
                float(facts["level"]),
                float(facts["seconds"]),
                str(facts["model"]),
                str(facts["preset"]),
            )
            bytes.fromhex(tokens.model)
            labels = {name: "" if value is None else str(value) for name, value in facts.items() if name not in FIELDS}
            return cls(str(facts["path"]), tokens, labels)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise SottoError(f"no tokens of this project ({error!r})", "give what `sotto tokens` wrote") from error


Collect = Callable[[TokenRecord], None]
"""Takes the next record of a file that is being written."""
