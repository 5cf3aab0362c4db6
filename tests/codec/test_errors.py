import errno
import pickle

import pytest

from sottovoce.codec.bits import FormatError
from sottovoce.codec.errors import SottoError, error_context


def test_line():
    assert str(SottoError("is empty", "give another", "a.wav")) == "a.wav: is empty; give another"
    assert str(SottoError("is empty", "give another")) == "is empty; give another"


def test_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(SottoError("is empty", "give another", "a.wav")))
    assert (error.reason, error.remedy, error.file) == ("is empty", "give another", "a.wav")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FormatError("not a .sotto file", "give one"), "x: not a .sotto file; give one"),
        (SottoError("is odd", "give one"), "x: is odd; give one"),
        (SottoError("is odd", "give one", "y"), "y: is odd; give one"),
        (OSError(errno.ENOSPC, "No space left"), "x: no space left on the device; free some or write somewhere else"),
        (PermissionError(errno.EACCES, "Permission denied"), "x: permission denied; check its permissions"),
        (OSError(errno.EIO, "Input/output error"), "x: Input/output error; check the file and the device"),
    ],
)
def test_names_the_file_once(error, line):
    with pytest.raises(SottoError) as caught, error_context("x"):
        raise error
    assert str(caught.value) == line


def test_leaves_alone_what_it_does_not_know():
    with pytest.raises(ZeroDivisionError), error_context("x"):
        raise ZeroDivisionError
