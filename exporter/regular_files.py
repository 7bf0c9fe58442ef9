"""Reading what a configuration names: regular files of a reasonable size, and nothing else.

A FIFO would hold the reader for ever, a device would never end. Nothing here runs on the loop.
"""

from __future__ import annotations

import os
import stat

#: Bytes. Certificates with all their authorities are some hundred kB.
_LARGEST = 4 * 1024 * 1024

#: Name, time of the last change, size and inode of each file.
Fingerprint = tuple[tuple[str, int, int, int], ...]


class UnreadableFileError(OSError):
    """A file can't be read; the text says why, without its name."""


def read_regular(name: str) -> bytes:
    """The bytes of a regular file; UnreadableFileError says what is wrong with it."""
    try:
        # Without O_NONBLOCK the opening of a FIFO waits until somebody writes to it.
        opened = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        raise UnreadableFileError("its name has a NUL") from None
    except OSError as error:
        raise UnreadableFileError(str(error.strerror)) from None
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableFileError("is no regular file")
        if found.st_size > _LARGEST:
            raise UnreadableFileError(f"is larger than {_LARGEST >> 20} MiB")
        with os.fdopen(os.dup(opened), "rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise UnreadableFileError(str(error.strerror or error)) from None
    finally:
        os.close(opened)


def take_fingerprint(names: tuple[str, ...]) -> Fingerprint:
    """What changes when one of the files does; what is not there has zeros."""
    return tuple(map(_look_at, names))


def _look_at(name: str) -> tuple[str, int, int, int]:
    try:
        found = os.stat(name)  # noqa: PTH116 - a Path refuses no NUL either, and costs more
    except (OSError, ValueError):
        return name, 0, 0, 0
    return name, found.st_mtime_ns, found.st_size, found.st_ino
