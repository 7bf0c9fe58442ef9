"""Texts that slices and Pods have in common, held once: names and addresses of 200,000 Pods.

A table for good would cost as much as it saves. While everything is read for the first time there
is one; what comes later is little, and brings its own texts. Nothing but memory depends on it.
"""

from __future__ import annotations

#: Texts in the table at most.
MOST = 1_000_000

_table: dict[str, str] | None = None


def begin_sharing() -> None:
    """From now on equal texts are one."""
    global _table  # noqa: PLW0603 - the table of this module
    if _table is None:
        _table = {}


def end_sharing() -> None:
    """The table goes; what was shared stays so."""
    global _table  # noqa: PLW0603 - the table of this module
    _table = None


def share(text: str) -> str:
    """The text, as the object that was there first where texts are shared."""
    if _table is None:
        return text
    if len(_table) < MOST:
        return _table.setdefault(text, text)
    return _table.get(text, text)
