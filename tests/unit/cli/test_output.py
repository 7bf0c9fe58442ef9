from __future__ import annotations

import json

import pytest

from exporter.cli.output import format_time, to_json, to_yaml


@pytest.mark.parametrize(
    "seconds,text",
    [
        (None, None),
        (0.0, "1970-01-01T00:00:00Z"),
        (1795420800.9, "2026-11-23T08:00:00Z"),
        (1e30, None),
    ],
)
def test_times_are_written_as_kubernetes_writes_them(
    seconds: float | None, text: str | None
) -> None:
    """RFC 3339 in UTC and whole seconds; what is no time is null, not an error."""
    assert format_time(seconds) == text


@pytest.mark.parametrize(
    "nasty", ["\x1b[31m", "\x9b31m", "\u202e", "\x7f", "\n", "\U000e0001", "é"]
)
def test_json_escapes_what_is_not_printable(nasty: str) -> None:
    """A document can't repaint a terminal either, and stays the same document."""
    text = to_json({"name": nasty})
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") == 3
    assert json.loads(text) == {"name": nasty}


def test_yaml_is_the_same_document() -> None:
    """Keys keep their order, and control characters are escaped."""
    assert to_yaml({"b": 1, "a": "x\x1b"}) == 'b: 1\na: "x\\e"\n'
