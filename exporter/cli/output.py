"""Documents on stdout: JSON for programs, YAML for people who like it."""

from __future__ import annotations

import json

import msgspec


def to_json(value: object) -> str:
    """Indented JSON and a final newline; every character but those is printable.

    JSON escapes control characters below the space; what else moves a terminal's cursor or turns
    the reading direction is written as an escape too.
    """
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    if text.replace("\n", "").isprintable():
        return text
    # Outside of strings JSON is plain ASCII: what is escaped here stands inside of one.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def to_yaml(value: object) -> str:
    """The same document as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        msgspec.to_builtins(value), Dumper=dumper, sort_keys=False, default_flow_style=False
    )
    return text
