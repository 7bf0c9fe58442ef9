"""The chart's README: a head and a foot from README.md.in, the table of values from values.yaml.

A value is described by the comment above it that begins with `# --`. Writes nothing by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z0-9_]+):(?: |$)")
MARK = "<!-- values -->"


def write_readme(chart: Path) -> str:
    """The README's text."""
    template = (chart / "README.md.in").read_text(encoding="utf-8")
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    rows = ["| value | default | what it does |", "| --- | --- | --- |"]
    values = yaml.safe_load(text)
    for path, description in list_described(text):
        default = json.dumps(look_up(values, path))
        rows.append(f"| `{path}` | `{escape(default)}` | {escape(description)} |")
    return template.replace(MARK, "\n".join(rows))


def escape(text: str) -> str:
    """Text that can stand in a cell of a table."""
    return text.replace("|", "\\|")


def list_described(text: str) -> Iterator[tuple[str, str]]:
    """Path and description of each described value, in the order of the file."""
    parents: list[tuple[int, str]] = []
    words: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            words = [stripped.removeprefix("# -- ")]
        elif stripped.startswith("#"):
            if words is not None:
                words.append(stripped.removeprefix("#").strip())
        elif (found := _KEY.match(line)) is not None:
            indent = len(found["indent"])
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, found["key"]))
            if words is not None:
                yield ".".join(key for _, key in parents), " ".join(words)
            words = None
        else:
            words = None


def look_up(values: Mapping[str, Any], path: str) -> object:
    """The value at a dotted path."""
    found: object = values
    for key in path.split("."):
        if not isinstance(found, Mapping):
            raise KeyError(path)
        found = found[key]
    return found
