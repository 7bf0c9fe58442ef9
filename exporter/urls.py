"""URLs and their parts as they are shown: without the name and password that some carry."""

from __future__ import annotations

_HIDDEN = "…"


def join_port(host: str, port: int) -> str:
    """Host (or address) and port as a URL has them; without a host only the port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def show_url(url: str) -> str:
    """The URL without userinfo, query and fragment, in one line of printable characters.

    It is for messages, so it takes whatever was meant to be a URL. A password may hold any sign
    that a person forgot to encode: all between the scheme and the last `@` is left out.
    """
    text = "".join(character if character.isprintable() else _HIDDEN for character in url.strip())
    scheme, parted, rest = text.partition("://")
    if not parted:
        scheme, rest = "", text
    _, userinfo, behind = rest.rpartition("@")
    place = behind if userinfo else rest
    for mark in ("?", "#"):
        place, cut, _ = place.partition(mark)
        if cut:
            place += mark + _HIDDEN
    return f"{scheme}{parted}{place}"
