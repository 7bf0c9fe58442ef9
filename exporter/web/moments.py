"""Times and documents as the API writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec


def show_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with whole seconds; None for what is not known or no date at all."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None


def write_json(document: object) -> bytes:
    """The document as JSON. A lone surrogate, which has no encoding, is written as its escape."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(document), separators=(",", ":")).encode()
