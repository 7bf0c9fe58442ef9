"""What goes in and comes out of the pages: requests and responses as values.

How they travel is the server's affair.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from typing import TYPE_CHECKING, Protocol

import msgspec

from exporter.exposition import Exposition
from exporter.model import ServiceKey, ServiceView, Snapshot, Transition
from exporter.objects.pods import Pod
from exporter.web.desk import Desk

if TYPE_CHECKING:  # no scrape needs what sorts and filters routes
    from exporter.web.routing import Routes

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
    """What a client asks for. `path` and `query` are decoded; header names are lower case.

    `client` is the address by which it is counted.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    client: str = ""

    def values(self, *names: str) -> tuple[str, ...]:
        """All values of these query parameters, in their order."""
        return tuple(value for name, value in self.query if name in names)


class Response(msgspec.Struct, frozen=True):
    """What the client gets. To HEAD it is the same, and the server leaves the body out.

    A `body` that is an iterator is made step by step: each step is short work, and may give b"".
    `length` is the body's size where it is known beforehand. `scrape`: it counts as one. A
    `stream` takes the place of the body: it ends when it will, and each piece is sent at once.
    `later` gives the response that is sent in place of this one: it may take its time.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Iterator[bytes] = b""
    length: int | None = None
    scrape: bool = False
    stream: AsyncIterator[bytes] | None = None
    later: Callable[[], Awaitable[Response]] | None = None


class Asset(msgspec.Struct, frozen=True):
    """A file of the page: its media type, its bytes, and a quoted tag that changes with them."""

    media_type: str
    content: bytes
    tag: str


class Streams(Protocol):
    """Where streams of changes come from."""

    def is_full(self, client: str) -> bool:
        """Whether there are as many as there may be, in all or of this client."""

    def open(self, last: str, client: str) -> AsyncIterator[bytes]:
        """Server-sent events for a client: they go on after the event `last`, or begin now."""


class Question(Protocol):
    """What somebody waits for."""

    @property
    def keys(self) -> frozenset[ServiceKey]:
        """The Services that it is about; none: all of them may be."""

    @property
    def seconds(self) -> float:
        """How long to wait at most; 0 for a single look."""

    def look(self, site: Site, ending: str | None) -> Generator[None, None, Response | None]:
        """Look at how things are; between two yields it is short work.

        None: it is not so, and whoever asks goes on waiting. With `ending`, which is why nobody
        waits on ("" when the time is up), there is always a response.
        """


class Waits(Protocol):
    """Where waiting is done."""

    def is_full(self, client: str) -> bool:
        """Whether as many wait as there may be, in all or of this client."""

    async def wait(self, question: Question, client: str) -> Response:
        """The answer, when it is time for it."""


class Place(msgspec.Struct, frozen=True):
    """Where the pages are, and what they link to.

    `prefix` stands before every path: "" or as in "/endpoints". `page`: whether there is a page
    and an API at all. `grafana` and `runbooks` are URLs with {namespace} and {service}, and with
    {reason}, to be filled in; "" when there are none.
    """

    prefix: str = ""
    page: bool = True
    grafana: str = ""
    runbooks: str = ""


class Site(msgspec.Struct, frozen=True):
    """All that the pages show. The callables are cheap and never wait.

    `own_metrics` renders the exporter's own families (all or, by their names, some; the first
    argument: as OpenMetrics); `own_families` are their names. `view` is all that is known of one
    Service, `pods` all known Pods, `transitions` what became of a Service. `asset` is a file of the
    page by its name. `desk` keeps rows for those who look. `routes` is what refers to Services.
    `waits` is where questions wait for their answer, None where nobody can.
    """

    version: str
    exposition: Exposition
    snapshot: Callable[[], Snapshot]
    own_metrics: Callable[[bool, frozenset[str] | None], bytes]
    own_families: tuple[str, ...]
    view: Callable[[ServiceKey], ServiceView | None]
    pods: Callable[[], Iterable[Pod]]
    transitions: Callable[[ServiceKey], tuple[Transition, ...]]
    asset: Callable[[str], Asset | None]
    streams: Streams
    desk: Desk
    routes: Routes | None = None
    place: Place = Place()
    waits: Waits | None = None


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
