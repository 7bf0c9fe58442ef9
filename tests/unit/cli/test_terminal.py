from __future__ import annotations

import io

import pytest

from exporter.cli.terminal import Cell, Colour, Table, paint, wants_colour


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.mark.parametrize(
    "choice,env,terminal,wanted",
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
    ],
)
def test_colour_is_for_terminals_unless_told(
    choice: str, env: dict[str, str], terminal: bool, wanted: bool
) -> None:
    """`auto` looks at the stream, NO_COLOR and TERM; the other two are orders."""
    stream = Terminal() if terminal else io.StringIO()
    assert wants_colour(choice, stream, env) is wanted


def test_paint_adds_nothing_without_colours() -> None:
    """Without colours, and in the plain colour, the text stays as it is."""
    assert paint("x", Colour.EMPTY, colours=False) == "x"
    assert paint("x", Colour.PLAIN, colours=True) == "x"
    assert paint("x", Colour.EMPTY, colours=True) == "\x1b[31mx\x1b[0m"


def test_columns_fit_their_widest_cell() -> None:
    """Columns are three spaces apart, and no line ends in spaces."""
    table = Table(["NAME", "READY", "WHY"], colours=False)
    rows = [[Cell("a"), Cell("10/12"), Cell("")], [Cell("longer"), Cell("1/1"), Cell("x")]]
    table.measure(rows)
    assert [table.head_line(), *map(table.line, rows)] == [
        "NAME     READY   WHY",
        "a        10/12",
        "longer   1/1     x",
    ]


def test_colour_does_not_move_columns() -> None:
    """Padding is measured by what is seen, not by the escape sequences around it."""
    table = Table(["A", "B"], colours=True)
    rows = [[Cell("1", Colour.READY), Cell("x")], [Cell("22"), Cell("y")]]
    table.measure(rows)
    assert table.line(rows[0]) == "\x1b[32m1\x1b[0m    x"
    assert table.line(rows[1]) == "22   y"
