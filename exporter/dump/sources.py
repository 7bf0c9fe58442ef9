"""Where dumps come from: files, stdin, and folders or archives of which most is something else.

In a folder (OpenShift's must-gather, sosreport, `kubectl cluster-info dump --output-directory`,
bundles of troubleshoot.sh) objects are found by what files hold, whatever these are called. A file
that begins as API objects do, names a kind that is read here, and then can't be read as a whole, is
an error there too: who looks at the others would take them for all there is.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from exporter.dump.errors import ADVICE, DumpError
from exporter.dump.holding import Dump, Gathering
from exporter.dump.packing import is_archive, open_archive, unpack, unpack_head
from exporter.dump.reading import Raw, may_hold_objects, names_our_kinds, read_into

T = TypeVar("T")

STDIN = "-"

_HEAD = 1 << 16


class SourceError(Exception):
    """A source can't be read, or is no dump: the name of the file, and why, in one line."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


def name_source(path: str) -> str:
    """What to call it in a message."""
    return "stdin" if path == STDIN else path


def check_stdin(paths: Sequence[str]) -> None:
    """SourceError when stdin is named more than once."""
    if list(paths).count(STDIN) > 1:
        raise SourceError("stdin", "can be read only once")


def read_source(path: str) -> bytes:
    """What a file or stdin holds, unpacked; raises SourceError."""
    return _told(name_source(path), partial(_read_file, path), unpack)


def read_dumps(paths: Sequence[str]) -> Dump:
    """All objects of all of these files and folders as one dump; raises SourceError."""
    gathering = Gathering()
    check_stdin(paths)
    for path in paths:
        _Reading(gathering).read(path)
    return gathering.finish()


class _Reading:
    """One source at a time, into what all of them hold."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    def read(self, path: str) -> None:
        """Take all objects of a file, an archive or a folder."""
        before = self._gathering.taken
        name = name_source(path)
        if path != STDIN and _is_folder(path):
            looked_at = self._read_folder(path)
        else:
            content = read_source(path)
            if not is_archive(content):
                self._read_one(name, content)
                return
            looked_at = self._read_archive(name, content)
        if self._gathering.taken == before:
            files = (
                "its only file holds" if looked_at == 1 else f"of its {looked_at} files none holds"
            )
            raise SourceError(name, f"{files} API objects that are read here")

    def _read_one(self, name: str, content: bytes) -> None:
        before = self._gathering.documents
        _told(name, partial(read_into, content, self._gathering.take_document))
        if self._gathering.documents == before:
            raise SourceError(name, f"the file holds no document: {ADVICE}")

    def _read_folder(self, folder: str) -> int:
        looked_at = 0
        for path in _walk(folder):
            looked_at += 1
            name = str(path)
            head = _told(name, partial(_read_head, path))
            if may_hold_objects(unpack_head(head)):
                self._take_objects(name, _told(name, path.read_bytes, unpack))
        return looked_at

    def _read_archive(self, name: str, content: bytes) -> int:
        looked_at = 0
        members = open_archive(content)
        while (member := _told(name, lambda: next(members, None))) is not None:
            looked_at += 1
            inside, data = f"{name}:{member[0]}", member[1]
            if may_hold_objects(unpack_head(data[:_HEAD])):
                self._take_objects(inside, _told(inside, partial(unpack, data)))
        return looked_at

    def _take_objects(self, name: str, data: bytes) -> None:
        def take(raw: Raw) -> None:
            self._gathering.take_found(raw, name)

        if names_our_kinds(data):
            _told(name, partial(read_into, data, take))


def _told(name: str, work: Callable[[], T], then: Callable[[T], T] = lambda made: made) -> T:
    """What the work gives; whatever goes wrong with it is told with the name of the file."""
    try:
        return then(work())
    except DumpError as error:
        raise SourceError(name, str(error)) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(name, f"can't be read: {why}") from None
    except MemoryError:
        raise SourceError(name, "is too large for the memory there is") from None


def _read_file(path: str) -> bytes:
    if path == STDIN:
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:  # noqa: PTH123 - a Path("") would be the folder "."
        return file.read()


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _is_folder(path: str) -> bool:
    try:
        return bool(path) and stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False  # opening it will say why


def _walk(folder: str) -> Iterator[Path]:
    """Plain files below, in order of their names.

    Links are followed to files inside of the folder only: a bundle that somebody else made must not
    have this machine's own files read.
    """
    root = Path(folder).resolve()

    def fail(error: OSError) -> None:
        raise SourceError(str(error.filename or folder), f"can't be read: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        for file in sorted(files):
            path = Path(place, file)
            outside = path.is_symlink() and not path.resolve().is_relative_to(root)
            if path.is_file() and not outside:
                yield path
