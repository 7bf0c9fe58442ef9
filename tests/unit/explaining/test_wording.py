from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.explaining.wording import (
    count_of,
    escape_text,
    join_some,
    quote,
    show_moment,
    show_selector,
    show_since,
)


@pytest.mark.parametrize(
    "text,escaped",
    [
        ("s-1", "s-1"),
        ("größe 大", "größe 大"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\r\tc", "a\\x0ab\\x0d\\x09c"),
        ("a\x9bb", "a\\x9bb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\U000e0001b", "a\\U000e0001b"),
    ],
)
def test_control_and_format_characters_are_escaped(text: str, escaped: str) -> None:
    """Nothing that moves a cursor, ends a line or turns the reading direction gets through."""
    assert escape_text(text) == escaped


@given(st.text())
def test_escaped_text_is_printable(text: str) -> None:
    """Whatever the text, what comes out is one printable line."""
    assert escape_text(text).isprintable()


def test_values_are_quoted_for_a_shell() -> None:
    """A name that is a command stays a name."""
    assert quote("web-0") == "web-0"
    assert quote("x; rm -rf /") == "'x; rm -rf /'"
    assert quote("it's\n") == "'it'\"'\"'s\\x0a'"


def test_small_words() -> None:
    """Counts, lists and selectors read as people and kubectl write them."""
    assert [count_of(n, "Pod") for n in (0, 1, 2)] == ["0 Pods", "1 Pod", "2 Pods"]
    assert count_of(3, "ready address") == "3 ready addresses"
    assert join_some(["a", "b", "c"]) == "a, b, c"
    assert join_some(["a", "b", "c", "d", "e"]) == "a, b, c + 2 more..."
    assert show_selector({"b": "2", "a": "1"}) == "a=1,b=2"


def test_moments_and_spans() -> None:
    """Times are in UTC with their age; nonsense is not an exception, the future not a span."""
    assert show_moment(1795340460.0, 1795341600.0) == "2026-11-22 09:41:00 UTC (19m)"
    assert show_moment(1e30, 0.0) == "<unknown>"
    assert show_since(100.0, 160.0) == " for 60s"
    assert show_since(100.0, 50.0) == ""
    assert show_since(None, 50.0) == ""
