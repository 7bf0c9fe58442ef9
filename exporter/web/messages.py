"""What goes in and comes out of the pages: requests and responses as values.

How they travel is the server's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec

from exporter.exposition import Exposition
from exporter.model import ServiceReport, Snapshot

PLAIN = "text/plain; charset=utf-8"

#: On every answer: a metrics page is no document to be framed, sniffed, kept or built upon.
COMMON_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
_NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'"


class Request(msgspec.Struct, frozen=True):
    """What a client asks for. `path` and `query` are decoded; header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)

    def values(self, *names: str) -> tuple[str, ...]:
        """All values of these query parameters, in their order."""
        return tuple(value for name, value in self.query if name in names)


class Response(msgspec.Struct, frozen=True):
    """What the client gets. To HEAD it is the same, and the server leaves the body out.

    A `body` that is an iterator is made step by step: each step is short work, and may give b"".
    `length` is the body's size where it is known beforehand. `scrape`: it counts as one.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Iterator[bytes] = b""
    length: int | None = None
    scrape: bool = False


class Judged(Protocol):
    """How a Service stands: down, unknown, degraded, new, ready or intended; and what words add."""

    @property
    def standing(self) -> str:
        """One of the six words."""

    @property
    def words(self) -> str:
        """What the reason does not say; may be empty."""


class Site(msgspec.Struct, frozen=True):
    """All that the pages show. The callables are cheap and never wait.

    `own_metrics` renders the exporter's own families (all or, by their names, some; the first
    argument: as OpenMetrics); `own_families` are their names. `judge` says how a Service stands
    at a time.
    """

    version: str
    exposition: Exposition
    snapshot: Callable[[], Snapshot]
    judge: Callable[[ServiceReport, float], Judged]
    own_metrics: Callable[[bool, frozenset[str] | None], bytes]
    own_families: tuple[str, ...]


def say(status: int, line: str, *headers: tuple[str, str]) -> Response:
    """A plain text answer; it is one line unless it holds more."""
    body = f"{line}\n".encode()
    return Response(
        status,
        (
            ("Content-Type", PLAIN),
            ("Content-Security-Policy", _NOTHING_ALLOWED),
            *COMMON_HEADERS,
            *headers,
        ),
        body,
        len(body),
    )
