"""What others say, without our own login in it: a proxy may repeat what it refuses."""

from __future__ import annotations

import base64
import binascii

_HIDDEN = "[hidden]"

#: Shorter ones occur in ordinary words, and are no secret to speak of.
_SHORTEST = 6


def hide_login(text: str, login: str) -> str:
    """`text` without the value of our `Authorization` header, encoded or not ("" for none)."""
    kind, _, value = login.partition(" ")
    values = [value]
    if kind == "Basic":
        try:
            pair = base64.b64decode(value).decode()
        except (binascii.Error, ValueError):
            pair = ""
        values += [pair, pair.partition(":")[2]]
    for secret in values:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return text
