"""Manifests with the place they stand in: one object, and what could not be read."""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.dump.marked import Path

Json = dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """What could not be read, in a line: nobody can tell what it would have made.

    `blinding`: objects that are read here may be in it, so that none missing proves anything.
    """

    file: str
    line: int
    why: str
    subject: str = ""
    blinding: bool = True


class Manifest(msgspec.Struct, frozen=True):
    """One object. `namespace` is "" for what is in none; `source` is the template it came from.

    `lines` has the lines of its parts, `line` is its first one.
    """

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    value: Json
    file: str
    line: int
    lines: dict[Path, int]
    source: str = ""

    @property
    def subject(self) -> str:
        """`Service shop/web`."""
        return f"{self.kind} {'/'.join(filter(None, (self.namespace, self.name)))}"

    def line_of(self, *path: str | int) -> int:
        """The line of a part, or of the closest part around it that has one."""
        for end in range(len(path), 0, -1):
            found = self.lines.get(path[:end])
            if found is not None:
                return found
        return self.line

    def get(self, *path: str) -> Any:  # noqa: ANN401  # any JSON value
        """A part of it, None when it is not there."""
        return dig(self.value, *path)


def dig(value: object, *path: str | int) -> Any:  # noqa: ANN401  # any JSON value
    """A part of a value, None when there is none: manifests may hold anything anywhere."""
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def read_labels(value: object) -> dict[str, str]:
    """Labels, without what is none: the API server takes texts alone."""
    if not isinstance(value, dict):
        return {}
    return {key: one for key, one in value.items() if isinstance(one, str)}
