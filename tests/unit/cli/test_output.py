from __future__ import annotations

import json

import pytest

from exporter.cli.output import to_json, to_yaml


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
