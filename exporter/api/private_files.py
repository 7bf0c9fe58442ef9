"""Files for what must not lie about: in memory where the system knows such, else without a name."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def memory_file() -> int:
    """A new empty file that ends with its descriptor, which the caller closes."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("credentials", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno())


def read_back(descriptor: int, most: int) -> bytes:
    """What was written into a file, at most so many bytes of it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, most)):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


@contextlib.contextmanager
def path_of(data: bytes) -> Iterator[str]:
    """A path to these bytes as long as the context is open: OpenSSL takes keys from files alone."""
    descriptor = memory_file()
    try:
        os.write(descriptor, data)
        path = f"/proc/self/fd/{descriptor}"
        if Path(path).exists():
            os.lseek(descriptor, 0, os.SEEK_SET)
            yield path
            return
    finally:
        os.close(descriptor)
    with tempfile.TemporaryDirectory(prefix="credentials-") as folder:
        file = Path(folder, "data")
        file.touch(0o600)
        file.write_bytes(data)
        yield str(file)
