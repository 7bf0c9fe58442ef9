"""Documents on stdout: JSON for programs, YAML for people who like it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


def to_json(value: object) -> str:
    """Indented JSON and a final newline. JSON's own escapes keep control characters out."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def to_yaml(value: object) -> str:
    """The same document as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        msgspec.to_builtins(value), Dumper=dumper, sort_keys=False, default_flow_style=False
    )
    return text


def format_time(seconds: float | None) -> str | None:
    """A time as Kubernetes writes it: RFC 3339, UTC, whole seconds. None stays None."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None
