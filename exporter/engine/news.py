"""Which changes of Services are worth a line of the log, and how many lines there may be.

Values and counting only: it reads no clock and writes nothing.
"""

from __future__ import annotations

import msgspec

from exporter.engine.transitions import Story
from exporter.model import FindingCode, Reason, ServiceKey, Standing

#: Lines in a window, and its seconds: a zone that is lost must not fill a disk.
MOST = 100
WINDOW = 60.0


class News(msgspec.Struct, frozen=True):
    """A Service stands otherwise than before, for another reason or with other findings.

    `reason` and `findings` are those that hold now; `ready` is None where it can't be known.
    """

    namespace: str
    service: str
    before: Standing
    after: Standing
    reason: Reason | None
    findings: tuple[FindingCode, ...]
    ready: int | None


def read_news(key: ServiceKey, story: Story) -> News | None:
    """What a story tells of standing, reason and findings; None when these are as they were.

    A Service that comes or goes has not changed: nothing was before, or nothing is after.
    """
    before, after = story.before, story.after
    if before is None or after is None:
        return None
    if (before.standing, before.reason, before.findings) == (
        after.standing,
        after.reason,
        after.findings,
    ):
        return None
    return News(
        namespace=key.namespace,
        service=key.name,
        before=before.standing,
        after=after.standing,
        reason=after.reason,
        findings=after.findings,
        ready=after.ready if after.known else None,
    )


class Ration:
    """At most so many in a window of time, and a count of those that were left out.

    Times are seconds on a clock that nobody sets.
    """

    def __init__(self, most: int = MOST, window: float = WINDOW) -> None:
        self._most = most
        self._window = window
        self._began: float | None = None
        self._given = 0
        self._left_out = 0

    def take(self, now: float) -> bool:
        """Whether there is room for one more; call `settle` first, which opens a new window."""
        if self._began is None:
            self._began = now
        if self._given < self._most:
            self._given += 1
            return True
        self._left_out += 1
        return False

    def settle(self, now: float) -> int:
        """End a window that is over; how many were left out in it, 0 while it goes on."""
        if self._began is None or now - self._began < self._window:
            return 0
        left_out, self._left_out = self._left_out, 0
        self._began, self._given = None, 0
        return left_out
