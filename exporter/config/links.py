"""The kinds of values that say where pages are and what they link to."""

from __future__ import annotations

import re

import msgspec

from exporter.config.kinds import BadValue, join_words


class WebAddress(msgspec.Struct, frozen=True):
    """An http or https URL without query and fragment, kept without its last slash."""

    metavar: str = "URL"
    takes: str = "an http or https URL such as https://example.com/endpoints"

    def parse(self, text: str) -> str:
        """The URL."""
        if not re.fullmatch(r"https?://[^\s/?#\"<>\\@]+(?:/[^\s?#\"<>\\]*)?", text):
            raise BadValue(text, "is not such a URL")
        return text.rstrip("/")

    def show(self, value: object) -> str:
        """The URL; nothing when there is none."""
        return str(value or "")


class PathPrefix(msgspec.Struct, frozen=True):
    """What stands before every path, kept with its first slash and without its last."""

    metavar: str = "PATH"
    takes: str = "a path such as /endpoints, of letters, digits, '-', '.', '_', '~' and '/'"

    def parse(self, text: str) -> str:
        """The prefix; that of `/` is "/", for nothing would mean that it was not given."""
        path = text.strip("/")
        parts = path.split("/")
        if path and not all(
            re.fullmatch(r"[A-Za-z0-9._~-]+", part) and part.strip(".") for part in parts
        ):
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
        if not re.fullmatch(r"https?://[^\s\"<>\\{}]+(?:\{[a-z]+\}[^\s\"<>\\{}]*)*", text):
            raise BadValue(text, "is not such a URL")
        for name in re.findall(r"\{([a-z]+)\}", text):
            if name not in self.names:
                raise BadValue(f"{{{name}}}", "is no placeholder here")
        return text

    def show(self, value: object) -> str:
        """The URL; nothing when there is none."""
        return str(value or "")
