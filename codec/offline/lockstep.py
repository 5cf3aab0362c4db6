"""Decode several files in lockstep, so that they share each pass over the weights."""

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from sottovoce.models.release import Decoder, Release, decode_batch

Result = TypeVar("Result")


class Request(NamedTuple):
    """Codes to decode, with the decoder for them and its model."""

    model: Release
    decoder: Decoder
    codes: npt.NDArray[np.int16]


Steps: TypeAlias = Generator[Request, npt.NDArray[np.int16], Result]
"""A decoding in progress: a generator that yields requests and receives the decoded samples."""

Begin: TypeAlias = Callable[[], Steps[Result]]
"""Starts to decode a file, from its beginning each time it is called."""


def run_in_lockstep(begins: Sequence[Begin[Result]]) -> list[Result | Exception]:
    """Decode several files in lockstep, each to the same samples as alone.

    Parameters
    ----------
    begins : sequence of callable
        Each starts a file, and starts it again if decoding it together with others failed.

    Returns
    -------
    list of results or exceptions
        One for each file: a file that fails does not disturb the others.
    """
    decodings = [begin() for begin in begins]
    outcomes: dict[int, Result | Exception] = {}
    requests: dict[int, Request] = {}

    def advance(index: int, wave: npt.NDArray[np.int16] | None) -> None:
        try:
            requests[index] = decodings[index].send(wave)  # type: ignore[arg-type]  # None starts a generator
        except StopIteration as stop:
            outcomes[index] = stop.value
        except Exception as error:
            outcomes[index] = error

    try:
        for index in range(len(decodings)):
            advance(index, None)
        while requests:
            model = next(iter(requests.values())).model
            due = {index: request for index, request in requests.items() if request.model is model}
            for index in due:
                del requests[index]
            try:
                waves = decode_batch([one.decoder for one in due.values()], [one.codes for one in due.values()])
            except Exception as error:
                for index in due:
                    decodings[index].close()
                    # One of them failed, but the state of all decoders is unknown now: start again, each alone.
                    outcomes[index] = error if len(due) == 1 else run_in_lockstep([begins[index]])[0]
                continue
            for index, wave in zip(due, waves, strict=True):
                advance(index, wave)
    finally:
        for one in decodings:
            one.close()  # after an interruption no incomplete output remains
    return [outcomes[index] for index in range(len(begins))]
