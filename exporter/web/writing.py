"""Documents as the API writes them."""

from __future__ import annotations

import json

import msgspec


def write_json(document: object) -> bytes:
    """The document as JSON. A lone surrogate, which has no encoding, is written as its escape."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(document), separators=(",", ":")).encode()
