"""Exceptions as one line that the user reads."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sottovoce.codec.bits import FormatError
from sottovoce.models.errors import SottoError
from sottovoce.models.wavenet.kernels import KernelError

__all__ = ["SottoError", "error_context", "from_os_error"]


_EXPLAINED = {
    errno.ENOENT: ("no such file or folder", "check the name"),
    errno.EACCES: ("permission denied", "check its permissions"),
    errno.EPERM: ("permission denied", "check its permissions"),
    errno.EROFS: ("the file system is read-only", "write somewhere else"),
    errno.EISDIR: ("is a folder", "give a file"),
    errno.EEXIST: ("a part of the path is not a folder", "check the name"),
    errno.ENOTDIR: ("a part of the path is not a folder", "check the name"),
    errno.ENAMETOOLONG: ("its name is too long for the file system", "choose a shorter one"),
    errno.ENOSPC: ("no space left on the device", "free some or write somewhere else"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write somewhere else"),
    errno.EFBIG: ("the file would be larger than allowed", "write somewhere else or raise the limit"),
}


def from_os_error(error: OSError, file: str) -> SottoError:
    """Return an error of the operating system about `file` as a SottoError."""
    reason, remedy = _EXPLAINED.get(error.errno or 0, (error.strerror or str(error), "check the file and the device"))
    return SottoError(reason, remedy, file or str(error.filename or ""))


@contextmanager
def error_context(file: str) -> Iterator[None]:
    """Turn errors inside into SottoErrors about `file`, if they do not name a file already."""
    try:
        yield
    except SottoError as error:
        if error.file:
            raise
        raise SottoError(error.reason, error.remedy, file) from error
    except (FormatError, KernelError) as error:
        raise SottoError(error.reason, error.remedy, file) from error
    except BrokenPipeError:
        raise  # the reader of the output is gone, which has nothing to do with this file
    except OSError as error:
        raise from_os_error(error, file) from error
