"""The words of the protocol: plan, state, inputs, effects, orders. Values only."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from exporter.model import Change, SyncMode
from exporter.objects.codec import Event, ListHead, Retained
from exporter.objects.meta import Rejected
from exporter.reflector.backoff import Backoff


class Plan(msgspec.Struct, frozen=True):
    """What is to be followed and how. All times are in seconds.

    `namespace`: "" is the whole cluster. `interval` is from the start of one list to that of the
    next while polling. `probe`: how often a polling `auto` tries to watch again. `denied_pause`:
    how long to rest (up to twice that, by jitter) while a resource may not be read.
    `streaming`: get the first objects by a watch (WatchList) instead of lists. Selectors are as
    the API has them, "" for none.
    """

    resource: str
    namespace: str = ""
    mode: SyncMode = SyncMode.WATCH
    interval: float = 30.0
    limit: int = 500
    probe: float = 300.0
    denied_pause: float = 30.0
    streaming: bool = False
    label_selector: str = ""
    field_selector: str = ""


class Phase(StrEnum):
    """What the feed is doing for us."""

    START = "start"
    LISTING = "listing"
    STREAMING = "streaming"  # a watch that begins with all objects there are
    WATCHING = "watching"
    RESTING = "resting"


# ── orders: the one thing to do next ─────────────────────────────────────────────────────────


class List(msgspec.Struct, frozen=True):
    """Fetch a page. Without `token` it is a first page: what was gathered before is void.

    `resource_version` and `limit` are left out of the request when None; "" is sent as "".
    """

    resource_version: str | None
    limit: int | None
    token: str = ""


class Watch(msgspec.Struct, frozen=True):
    """Watch from a version. `timeout` is when the server is to end it.

    `initial`: the server is to send all objects first; what was gathered before is void.
    """

    resource_version: str
    timeout: int
    initial: bool = False


class Read(msgspec.Struct, frozen=True):
    """Go on reading the open watch."""


class Rest(msgspec.Struct, frozen=True):
    """Do nothing for so long. `failure` is why, None for the pause between two polls."""

    seconds: float
    failure: Failure | None = None


# ── inputs: what came of it ──────────────────────────────────────────────────────────────────


class FailureKind(StrEnum):
    """Where a request failed."""

    ANSWER = "answer"  # the server answered with an error status
    REFUSED = "refused"  # nobody listens there
    BROKEN = "broken"  # no connection, or it broke before the answer was whole
    UNREADABLE = "unreadable"  # the answer is not what the API sends
    CREDENTIALS = "credentials"  # there was nothing to ask with


class Failure(msgspec.Struct, frozen=True):
    """Why a request failed. `code` is the HTTP status, 0 without one; `message` is one line.

    `retry_after` is what the server asked for. `too_large`: the server is not yet at the version
    that we asked for (TooLargeResourceVersion).
    """

    kind: FailureKind
    message: str
    code: int = 0
    retry_after: float | None = None
    too_large: bool = False

    @property
    def expired(self) -> bool:
        """The version or the continue token is too old, or too new for this server."""
        return self.code == 410 or self.too_large

    @property
    def passing(self) -> bool:
        """The server asks for patience: the same request may succeed later."""
        return self.code == 429 or (self.code >= 500 and self.retry_after is not None)


class Begin(msgspec.Struct, frozen=True):
    """The first input of all."""


class PageRead(msgspec.Struct, frozen=True):
    """A page came whole; its objects are gathered."""

    head: ListHead


class Opened(msgspec.Struct, frozen=True):
    """The server agreed to a watch."""


class Received(msgspec.Struct, frozen=True):
    """Frames of an open watch, in order."""

    events: list[Event]


class Ended(msgspec.Struct, frozen=True):
    """An open watch is over. `cause`: end, timeout, idle or reset."""

    cause: str


class Failed(msgspec.Struct, frozen=True):
    """A list or a watch was not answered, or not with what it should be."""

    failure: Failure


class Woke(msgspec.Struct, frozen=True):
    """The rest is over."""


# ── effects: what becomes of it outside ──────────────────────────────────────────────────────


class Commit(msgspec.Struct, frozen=True):
    """What was gathered is all there is: replace everything in scope by it."""


class Gather(msgspec.Struct, frozen=True):
    """Objects at the beginning of a streaming watch; they count when all have come."""

    objects: tuple[Retained | Rejected, ...]


class Apply(msgspec.Struct, frozen=True):
    """Changes to what is known, in order."""

    changes: tuple[Change, ...]


class Forgotten(msgspec.Struct, frozen=True):
    """The resource can't be read any more: what was known of it is void."""


class DropToken(msgspec.Struct, frozen=True):
    """The server did not accept our token: read it anew before the next request."""


class ListEnded(msgspec.Struct, frozen=True):
    """To be counted. `result`: success, gone, forbidden, absent, unauthorized or error."""

    result: str


class WatchRestarted(msgspec.Struct, frozen=True):
    """To be counted. `cause`: why a watch did not go on."""

    cause: str


class EventsSeen(msgspec.Struct, frozen=True):
    """To be counted: events by type, and objects among them that can't be decoded."""

    by_type: dict[str, int]
    rejected: int = 0


class FeedState(msgspec.Struct, frozen=True):
    """All that is remembered between two steps. Times are on the feed's monotonic clock.

    `order` is what is under way or, while resting, what comes next. `asked` is the first page of
    the list under way. `resource_version` is the last one seen, "" before any; `unavailable`:
    the server could not serve it. `attempts` counts repeats of one request; `rejections` are
    answers 401 in a row and `refusals` answers 403 and 404: a token that was just replaced says
    nothing of what is allowed. `polling`: `auto` has fallen back to lists; `probe_at` is when it
    tries to watch again. `streams`: the server has not yet shown that it can't do WatchList.
    """

    phase: Phase = Phase.START
    order: List | Watch | None = None
    asked: List | None = None
    list_version: str = ""
    list_started: float = 0.0
    resource_version: str = ""
    unavailable: bool = False
    follows: bool = False
    opened_at: float | None = None
    events: int = 0
    attempts: int = 0
    rejections: int = 0
    refusals: int = 0
    backoff: Backoff = Backoff()
    polling: bool = False
    probe_at: float = 0.0
    streams: bool = True
    synced: bool = False
    forbidden: bool = False
    absent: bool = False
    error: str = ""


Input = Begin | PageRead | Opened | Received | Ended | Failed | Woke
Order = List | Watch | Read | Rest
Effect = Commit | Gather | Apply | Forgotten | DropToken | ListEnded | WatchRestarted | EventsSeen


class Step(msgspec.Struct, frozen=True):
    """What a step gives: the new state, the effects in order, and the one thing to do next."""

    state: FeedState
    effects: tuple[Effect, ...]
    order: Order
