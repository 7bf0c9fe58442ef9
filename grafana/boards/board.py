"""A board as a value: what it is called, what can be chosen on it, and its rows of panels."""

from __future__ import annotations

import msgspec

from grafana.boards.panels import Panel


class Section(msgspec.Struct, frozen=True):
    """Panels under one heading, put into lines of 24 columns in the order given.

    A line ends where the next panel would not fit; all panels of a line have the same height.
    """

    title: str
    panels: tuple[Panel, ...]


class Board(msgspec.Struct, frozen=True):
    """One dashboard; `known` is the family whose labels can be chosen.

    `single` are the variables of which one value is chosen, and never all. `annotated` says
    whether it has annotations, and whether they are shown from the start.
    """

    uid: str
    title: str
    description: str
    variables: tuple[str, ...]
    known: str
    sections: tuple[Section, ...]
    single: tuple[str, ...] = ()
    annotated: bool | None = False
    since: str = "now-1h"
    refresh: str = "5m"
