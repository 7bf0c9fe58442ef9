"""The kinds of values that say where pages are and what they link to."""

from __future__ import annotations

import ipaddress
import re

import msgspec

from exporter.config.kinds import BadValue, join_words
from exporter.urls import is_web_url

_PARTS = re.compile(r"(https?)://([^/?#]*)((?:/[^?#]*)?)")
_HOST = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9.]{0,251}[A-Za-z0-9])?\.?")
#: As the route prefix has it, which is made of this path.
_PREFIX_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")


class WebAddress(msgspec.Struct, frozen=True):
    """An http or https URL without user, query and fragment, kept without its last slash.

    Its path becomes the route prefix, so it takes what that takes.
    """

    metavar: str = "URL"
    takes: str = "an http or https URL such as https://example.com/endpoints"

    def parse(self, text: str) -> str:
        """The URL."""
        found = _PARTS.fullmatch(text)
        # A URL with a password in it is not repeated.
        shown = text if "@" not in text else "…@…"
        if found is None or not _is_place(found[2]):
            raise BadValue(shown, "is not such a URL")
        path = found[3].strip("/")
        if path and not _are_segments(path):
            raise BadValue(shown, f"has a path that is none; as a path it takes {PREFIX_TAKES}")
        return f"{found[1]}://{found[2]}{found[3]}".rstrip("/")

    def show(self, value: object) -> str:
        """The URL; nothing when there is none."""
        return str(value or "")


class Receiver(msgspec.Struct, frozen=True):
    """Where to send something: an http or https URL that may hold a secret anywhere."""

    metavar: str = "URL"
    takes: str = "an http or https URL such as https://example.com/hook"

    def parse(self, text: str) -> str:
        """The URL without its fragment; a wrong one is not repeated, for it is nearly one."""
        if not is_web_url(text):
            raise BadValue("…", "is not such a URL")
        return text.partition("#")[0]

    def show(self, value: object) -> str:
        """Nothing of it."""
        return "…" if value else ""


def _is_place(text: str) -> bool:
    """Whether it is a host, by name or address, with or without a port."""
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        try:
            fine = ipaddress.ip_address(address).version == 6
        except ValueError:
            return False
        if not (fine and bracket and "%" not in address):
            return False
    else:
        host, colon, number = text.partition(":")
        if not _HOST.fullmatch(host) or ".." in host:
            return False
        if host.replace(".", "").isdigit() and not _is_ipv4(host):
            return False
        port = colon + number
    return not port or bool(re.fullmatch(r":[0-9]{1,5}", port) and 0 < int(port[1:]) < 65536)


def _is_ipv4(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


def _are_segments(path: str) -> bool:
    return all(_PREFIX_SEGMENT.fullmatch(part) and part.strip(".") for part in path.split("/"))


PREFIX_TAKES = "a path such as /endpoints, of letters, digits, '-', '.', '_', '~' and '/'"


class PathPrefix(msgspec.Struct, frozen=True):
    """What stands before every path, kept with its first slash and without its last."""

    metavar: str = "PATH"
    takes: str = PREFIX_TAKES

    def parse(self, text: str) -> str:
        """The prefix; that of `/` is "/", for nothing would mean that it was not given."""
        path = text.strip("/")
        if path and not _are_segments(path):
            raise BadValue(text, "is not such a path")
        return f"/{path}"

    def show(self, value: object) -> str:
        """The path."""
        return str(value or "")


class LinkPattern(msgspec.Struct, frozen=True):
    """An http or https URL with placeholders; `names` are those that there are."""

    names: tuple[str, ...]
    metavar: str = "URL"

    @property
    def takes(self) -> str:
        """What may be filled in."""
        return f"an http or https URL with {join_words(tuple(f'{{{n}}}' for n in self.names))}"

    def parse(self, text: str) -> str:
        """The URL as it was written."""
        shown = text if "@" not in text.partition("?")[0] else "…@…"
        if not re.fullmatch(r"https?://[^\s\"<>\\{}]+(?:\{[a-z]+\}[^\s\"<>\\{}]*)*", text):
            raise BadValue(shown, "is not such a URL")
        if "@" in re.split(r"[/?#]", text.partition("//")[2])[0]:
            raise BadValue(shown, "has a user or a password, which everybody would see")
        for name in re.findall(r"\{([a-z]+)\}", text):
            if name not in self.names:
                raise BadValue(f"{{{name}}}", "is no placeholder here")
        return text

    def show(self, value: object) -> str:
        """The URL; nothing when there is none."""
        return str(value or "")
