"""Faults as data: what goes wrong, with which requests, how often.

A fault is chosen when a request arrives and carried out by the handlers of lists and watches. It
never acts by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from exporter.sim.resources import resource_named


class FaultKind(StrEnum):
    """What can go wrong."""

    #: LIST: 410 Expired. WATCH: an ERROR event 410 inside HTTP 200.
    GONE = "gone"
    #: The connection stays open and nothing more is ever sent, not even an end.
    HALF_OPEN = "half_open"
    #: The connection is reset (TCP RST), before the answer or after `after` events.
    RESET = "reset"
    #: `delay` seconds before the answer, and before each event.
    SLOW = "slow"
    #: 429, text/plain, Retry-After: `retry_after`.
    TOO_MANY_REQUESTS = "too_many_requests"
    #: LIST: a body that is no JSON. WATCH: a frame that is no JSON after `after` events.
    GARBAGE = "garbage"
    #: WATCH: half of an event, then the end of the stream. LIST: half of the body, then a close.
    PARTIAL_FRAME = "partial_frame"
    #: LIST: 410 with `metadata.continue` on a page after the first.
    EXPIRED_CONTINUE = "expired_continue"
    #: A Status with `status` (500 by default), with Retry-After when `retry_after` is set.
    ERROR_500 = "error_500"
    #: 504 with the cause ResourceVersionTooLarge.
    TOO_LARGE_RV = "too_large_rv"
    #: WATCH: ended at once, without an event.
    SHORT_WATCH = "short_watch"
    #: 401.
    UNAUTHORIZED = "unauthorized"
    #: 403.
    FORBIDDEN = "forbidden"
    #: An HTML page with `status` (502 by default), as a proxy in between writes it.
    PROXY_ERROR = "proxy_error"
    #: WATCH: an ERROR event with `status` (500 by default) after `after` events.
    ERROR_EVENT = "error_event"
    #: WATCH: an event of a type that doesn't exist, after `after` events.
    UNKNOWN_EVENT = "unknown_event"
    #: An object that is valid JSON and no object of its kind: among the items, or as an event.
    BAD_OBJECT = "bad_object"
    #: WATCH: no bookmarks, neither periodic nor at the end of the initial events.
    NO_BOOKMARKS = "no_bookmarks"
    #: WATCH: `sendInitialEvents` is ignored, as servers before 1.27 do.
    IGNORE_INITIAL_EVENTS = "ignore_initial_events"
    #: WATCH: every event is sent twice.
    DUPLICATE = "duplicate"


#: Kinds that only make sense for one verb; a fault without a verb leaves the others alone.
_ONLY = {
    FaultKind.EXPIRED_CONTINUE: "list",
    FaultKind.SHORT_WATCH: "watch",
    FaultKind.ERROR_EVENT: "watch",
    FaultKind.UNKNOWN_EVENT: "watch",
    FaultKind.NO_BOOKMARKS: "watch",
    FaultKind.IGNORE_INITIAL_EVENTS: "watch",
    FaultKind.DUPLICATE: "watch",
}


class Fault(msgspec.Struct, frozen=True):
    """One fault.

    `resource` is a plural, a kind or `*`; `verb` is list, watch, get or `*`; `namespace` is a
    namespace, "" for requests at the cluster scope, or `*`. The first `skip` matching requests pass
    unharmed, the next `times` are hit (0: all that follow). `after` is the number of events (lists:
    pages) that are sent before it happens. `delay` and `retry_after` are seconds. `clean` ends a
    cut stream as HTTP wants it instead of just closing the connection.
    """

    kind: FaultKind
    resource: str = "*"
    verb: str = "*"
    namespace: str = "*"
    times: int = 1
    skip: int = 0
    after: int = 0
    delay: float = 0.0
    retry_after: int = 1
    status: int = 0
    message: str = ""
    clean: bool = False

    def concerns(self, plural: str, verb: str, namespace: str) -> bool:
        """True when a request of this kind can be hit."""
        if self.resource != "*" and resource_named(self.resource).plural != plural:
            return False
        return (
            self.verb in ("*", verb)
            and self.namespace in ("*", namespace)
            and _ONLY.get(self.kind, verb) == verb
        )


class Faults:
    """The queue of faults; more can be added while the server runs."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._queue: list[tuple[Fault, int, int]] = [(f, f.skip, f.times) for f in faults]

    def add(self, *faults: Fault) -> None:
        """Queue further faults, behind those that are there."""
        self._queue += [(f, f.skip, f.times) for f in faults]

    def clear(self) -> None:
        """Drop every fault: from now on all is well."""
        self._queue.clear()

    @property
    def pending(self) -> list[Fault]:
        """The faults that have not been used up."""
        return [fault for fault, _, _ in self._queue]

    def take(self, plural: str, verb: str, namespace: str, *, page: int = 0) -> Fault | None:
        """Return the fault that hits this request, if any, and count it.

        `page` is the number of the page of a list, from 0: expired_continue only hits later ones,
        and `after` is how many pages pass unharmed.
        """
        for at, (fault, skip, times) in enumerate(self._queue):
            if not fault.concerns(plural, verb, namespace):
                continue
            if verb == "list" and page < max(
                fault.after, int(fault.kind is FaultKind.EXPIRED_CONTINUE)
            ):
                continue
            if skip:
                self._queue[at] = (fault, skip - 1, times)
                continue
            if times == 1:
                del self._queue[at]
            elif times:
                self._queue[at] = (fault, 0, times - 1)
            return fault
        return None
