"""The kinds of values that settings take: text in, value out, and how each is described.

Every source of settings hands over text (the file too: it is read without YAML's own types, or
`pods: off` would arrive as False), so one parser per kind serves flags, environment and file.
Nothing here knows which settings there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from exporter.objects.durations import UNITS, read_seconds
from exporter.objects.selector_text import find_fault
from exporter.urls import join_port

_LONGEST_SHOWN = 60


class BadValue(Exception):  # noqa: N818 - it is the value that is bad, and it is always reported
    """A text that is no value of its kind: `text` is the offending part, `problem` what it is."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(text, problem)
        self.text = text
        self.problem = problem


class Kind(Protocol):
    """A kind of value: how it is read, shown and described."""

    @property
    def takes(self) -> str:
        """What the setting takes, as in 'takes …'."""

    @property
    def metavar(self) -> str:
        """The placeholder in `--help`."""

    def parse(self, text: str) -> object:
        """Give the value that the text stands for, or raise BadValue."""

    def show(self, value: object) -> str:
        """Write a value as a user would."""


def show_text(text: str) -> str:
    """A user's text in one line of an error: quoted when it would not be seen otherwise."""
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 1] + "…"
    return text if text and text.isprintable() and text == text.strip() else json.dumps(text)


def join_words(words: tuple[str, ...]) -> str:
    """'a', 'a or b', 'a, b or c'."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


class Text(msgspec.Struct, frozen=True):
    """Any text that is not empty."""

    takes: str
    metavar: str

    def parse(self, text: str) -> str:
        """The text itself."""
        if not text.strip():
            raise BadValue(text, "says nothing")
        return text

    def show(self, value: object) -> str:
        """The text itself; nothing when there is none."""
        return str(value or "")


class Choice(msgspec.Struct, frozen=True):
    """One of a few words, each with the value it stands for; `noun` shortens a long list."""

    words: Mapping[str, object]
    noun: str = ""

    @property
    def takes(self) -> str:
        """The words."""
        return join_words(tuple(self.words))

    @property
    def metavar(self) -> str:
        """The words, as in `watch|poll`, or what they are called."""
        return self.noun or "|".join(self.words)

    def parse(self, text: str) -> object:
        """The value of the word; case matters, as it does in Kubernetes."""
        if text not in self.words:
            raise BadValue(text, "is unknown")
        return self.words[text]

    def show(self, value: object) -> str:
        """The word of the value."""
        return next(word for word, meaning in self.words.items() if meaning == value)


def choose(vocabulary: type[StrEnum]) -> Choice:
    """A choice among the members of a vocabulary."""
    return Choice({member.value: member for member in vocabulary})


class Duration(msgspec.Struct, frozen=True):
    """A length of time in seconds, within limits."""

    least: float = 0.0
    most: float = 86400.0
    metavar: str = "DURATION"

    @property
    def takes(self) -> str:
        """Both ways to write it, and the limits."""
        return (
            "seconds or a duration such as 30s, 5m, "
            f"from {self.show(self.least)} to {self.show(self.most)}"
        )

    def parse(self, text: str) -> float:
        """Seconds: `90`, `90s`, `1m30s` and `1.5m` are the same."""
        seconds = read_seconds(text)
        if seconds is None:
            raise BadValue(text, "is not a duration")
        if seconds < self.least:
            raise BadValue(text, "is too short")
        if seconds > self.most:
            raise BadValue(text, "is too long")
        return seconds

    def show(self, value: object) -> str:
        """The largest unit that gives a whole number."""
        seconds = float(str(value))
        for unit in ("d", "h", "m", "s"):
            if seconds and seconds % UNITS[unit] == 0:
                return f"{seconds / UNITS[unit]:g}{unit}"
        return f"{seconds:g}s"


class Whole(msgspec.Struct, frozen=True):
    """A whole number within limits."""

    least: int
    most: int
    metavar: str = "N"

    @property
    def takes(self) -> str:
        """The limits."""
        return f"a whole number from {self.least} to {self.most}"

    def parse(self, text: str) -> int:
        """The number, written in plain ASCII digits."""
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise BadValue(text, "is not a whole number")
        number = int(text)
        if not self.least <= number <= self.most:
            raise BadValue(text, "is too small" if number < self.least else "is too large")
        return number

    def show(self, value: object) -> str:
        """Digits."""
        return str(value)


class Ordinal(msgspec.Struct, frozen=True):
    """A number, or the name of a StatefulSet's Pod, which ends in one: `exporter-2` is 2."""

    metavar: str = "N"
    takes: str = "a whole number from 0, or a name that ends in one, such as exporter-2"

    def parse(self, text: str) -> int:
        """The number."""
        found = re.fullmatch(r"(?:[a-z0-9][-a-z0-9.]*-)?([0-9]{1,9})", text, re.ASCII)
        if found is None:
            raise BadValue(text, "does not end in a number of its own")
        return int(found[1])

    def show(self, value: object) -> str:
        """Digits."""
        return str(value)


class LeaseName(msgspec.Struct, frozen=True):
    """The namespace and the name of an object."""

    metavar: str = "NAMESPACE/NAME"
    takes: str = "the namespace and the name of a Lease, such as monitoring/exporter"

    def parse(self, text: str) -> tuple[str, str]:
        """Namespace and name."""
        part = "[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
        found = re.fullmatch(rf"({part})/({part})", text, re.ASCII)
        if found is None:
            raise BadValue(text, "is not the name of a Lease in a namespace")
        return found[1], found[2]

    def show(self, value: object) -> str:
        """Both, parted by a slash."""
        return "/".join(value) if isinstance(value, tuple) else ""


class Selector(msgspec.Struct, frozen=True):
    """A label selector, kept as it was written."""

    metavar: str = "SELECTOR"
    takes: str = "a label selector such as app=web,tier!=cache,track in (a,b)"

    def parse(self, text: str) -> str:
        """The selector itself, once its syntax is known to be right."""
        fault = find_fault(text)
        if fault is not None:
            raise BadValue(fault or text, "is not a label selector")
        return text

    def show(self, value: object) -> str:
        """The selector itself."""
        return str(value or "")


class Pattern(msgspec.Struct, frozen=True):
    """A text of a fixed form, such as a name."""

    expression: str
    problem: str
    takes: str
    metavar: str

    def parse(self, text: str) -> str:
        """The text itself when it has the form."""
        if not re.fullmatch(self.expression, text):
            raise BadValue(text, self.problem)
        return text

    def show(self, value: object) -> str:
        """The text itself."""
        return str(value)


class ListenAddress(msgspec.Struct, frozen=True):
    """Where to listen, as (host, port); the host is "" for all addresses of the machine."""

    metavar: str = "[HOST]:PORT"
    takes: str = "[HOST]:PORT such as :9769, 127.0.0.1:9769 or [::1]:9769"

    def parse(self, text: str) -> tuple[str, int]:
        """Host without brackets, and port; port 0 lets the system choose one."""
        parts = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:\[\]/]*)):([0-9]{1,5})", text)
        if parts is None:
            raise BadValue(text, "is not an address to listen on")
        port = int(parts[3])
        if port > 65535:
            raise BadValue(text, "has a port above 65535")
        return parts[1] or parts[2] or "", port

    def show(self, value: object) -> str:
        """As it is written in a URL."""
        host, port = value if isinstance(value, tuple) else ("", 0)
        return join_port(host, port)


class Several(msgspec.Struct, frozen=True):
    """A list of values of one kind: comma-separated, repeatable, each at most once."""

    kind: Kind

    @property
    def takes(self) -> str:
        """What one takes, and that there may be several."""
        return f"{self.kind.takes}; several separated by commas"

    @property
    def metavar(self) -> str:
        """As in `NAMESPACE,…`."""
        return f"{self.kind.metavar},…"

    def parse(self, text: str) -> tuple[object, ...]:
        """The values in the order given, without repetition; an empty text is an empty list."""
        if not text.strip():
            return ()
        return tuple(dict.fromkeys(self.kind.parse(part.strip()) for part in text.split(",")))

    def show(self, value: object) -> str:
        """Comma-separated."""
        return ",".join(self.kind.show(each) for each in value) if isinstance(value, tuple) else ""
