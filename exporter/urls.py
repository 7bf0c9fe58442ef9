"""URLs and their parts as they are shown: without the name and password that some carry."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

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


def show_origin(url: str) -> str:
    """Scheme, host and port of a web URL, and nothing else: of some the path is the secret."""
    scheme, parted, rest = show_url(url).partition("://")
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}{parted}{place}" if parted else _HIDDEN


def is_web_url(url: str) -> bool:
    """Whether it is an http or https URL with a host: a login, path and query are its own."""
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\<>\"]", url):
        return False
    try:
        parts = urlsplit(url)
        fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return fine and parts.scheme in ("http", "https") and bool(parts.hostname)
