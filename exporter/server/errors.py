"""What can be wrong with serving. Each line is told as it is."""

from __future__ import annotations

from collections.abc import Sequence


class ServerError(Exception):
    """The server can't be started as asked; `lines` holds one line for each thing that is wrong."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)
