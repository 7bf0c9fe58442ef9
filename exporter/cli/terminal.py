"""What a terminal shows: safe text, colour, columns. It reads no environment by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TextIO

import msgspec


class Colour(StrEnum):
    """Colours by what they mean; the values are SGR parameters, "" is none."""

    PLAIN = ""
    READY = "32"
    DEGRADED = "38;5;208"
    EMPTY = "31"
    TERMINATING = "35"
    UNKNOWN = "90"
    HEAD = "1"


class Cell(msgspec.Struct, frozen=True):
    """One cell of a table: text that has been made safe, and its colour."""

    text: str
    colour: Colour = Colour.PLAIN


def wants_colour(choice: str, stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether to write colours: `always`, `never`, or `auto`.

    `auto` is on a terminal that can, unless NO_COLOR is set to anything (https://no-color.org).
    """
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def paint(text: str, colour: Colour, *, colours: bool) -> str:
    """The text in its colour where there are colours."""
    return f"\x1b[{colour.value}m{text}\x1b[0m" if colours and colour.value and text else text


class Table:
    """Columns that fit what is in them, three spaces apart, as kubectl sets them.

    `widths` are the least widths: a table that grows later (`--watch`) keeps its columns.
    """

    def __init__(self, head: Sequence[str], *, colours: bool) -> None:
        self.head = tuple(head)
        self.colours = colours
        self.widths = [len(title) for title in head]

    def measure(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Widen the columns to what the rows need."""
        for row in rows:
            for number, cell in enumerate(row):
                self.widths[number] = max(self.widths[number], len(cell.text))

    def head_line(self) -> str:
        """The line of titles."""
        return self.line([Cell(title, Colour.HEAD) for title in self.head])

    def line(self, row: Sequence[Cell]) -> str:
        """One row; the last column is not padded."""
        parts = []
        last = len(row) - 1
        for number, cell in enumerate(row):
            padding = "" if number == last else " " * (self.widths[number] - len(cell.text) + 3)
            parts.append(paint(cell.text, cell.colour, colours=self.colours) + padding)
        return "".join(parts).rstrip()
