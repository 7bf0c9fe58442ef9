"""Words for people: nothing out of the cluster gets into a terminal unescaped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from exporter.explaining.durations import human_duration


def escape_text(text: str) -> str:
    r"""The text on one line without anything that moves a cursor or turns the reading direction.

    Control characters (C0, C1), line breaks, and invisible or bidirectional format characters
    become `\x1b`, `\u202e` …: names and messages come from whoever may write objects.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def count_of(number: int, noun: str) -> str:
    """`1 Pod`, `3 Pods`, `2 addresses`."""
    return f"1 {noun}" if number == 1 else f"{number} {plural_of(noun)}"


def plural_of(noun: str) -> str:
    """`Pods`, `addresses`."""
    return f"{noun}{'es' if noun.endswith('s') else 's'}"


def join_some(items: Sequence[str], most: int = 3, *, of: int = 0) -> str:
    """`a, b, c + 4 more...`, as kubectl shortens lists; `of`: how many there are in all."""
    shown = ", ".join(items[:most])
    more = max(of, len(items)) - len(items[:most])
    return f"{shown} + {more} more..." if more > 0 else shown


def show_selector(selector: Mapping[str, str]) -> str:
    """`k=v,k=v`, sorted, as kubectl prints and takes it."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def quote(text: str) -> str:
    """One word for a shell, safe to look at as well."""
    return shlex.quote(escape_text(text))


def show_moment(moment: float, now: float) -> str:
    """`2026-11-22 09:41:00 UTC (23m)`."""
    try:
        text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "<unknown>"
    return f"{text} ({human_duration(now - moment)})"


def show_since(moment: float | None, now: float) -> str:
    """` for 5m20s`, "" when it is not known or lies in the future."""
    if moment is None or moment > now:
        return ""
    return f" for {human_duration(now - moment)}"
