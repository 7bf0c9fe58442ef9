"""What a feed shows of itself, and what it asks of those who count."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Telemetry(Protocol):
    """The self-metrics that a feed moves; see exporter.telemetry."""

    def list_ended(self, resource: str, result: str) -> None:
        """A full list ended: success, gone, forbidden, absent, unauthorized or error."""
        ...

    def watch_event(self, resource: str, type: str, count: int = 1) -> None:  # noqa: A002
        """Events of a watch, by type."""
        ...

    def watch_restarted(self, resource: str, cause: str) -> None:
        """A watch did not go on, and why."""
        ...

    def rejected(self, resource: str, count: int = 1) -> None:
        """Objects that can't be decoded."""
        ...

    def request_ended(self, resource: str, verb: str, code: str, seconds: float) -> None:
        """A request ended (a list: with its body); `code` is the status or "error"."""
        ...

    def received(self, resource: str, size: int) -> None:
        """Bytes of answers, after decompression."""
        ...


class FeedStatus(msgspec.Struct):
    """How it goes, for others to read at any time. Times are seconds since the epoch.

    `mode` is "watch" or "poll". `forbidden`: 403; `absent`: 404, the server has no such resource.
    `objects` counts what the scope holds, undecodable ones too. `last_sync` is when a full list
    was last complete, `last_event` when a watch last said something (bookmarks too). `error` is
    one line, "" when all is well.
    """

    resource: str
    namespace: str = ""
    mode: str = "watch"
    synced: bool = False
    forbidden: bool = False
    absent: bool = False
    objects: int = 0
    last_sync: float | None = None
    last_event: float | None = None
    error: str = ""

    def is_behind(self, now: float, seconds: float) -> bool:
        """Whether what is held may be older than what others say by more than a moment.

        It is while it is polled, and while reading fails and nothing was heard for so long.
        """
        if self.mode == "poll":
            return True
        heard = max(self.last_sync or 0.0, self.last_event or 0.0)
        return bool(self.error) and now - heard > seconds


class Unmeasured:
    """Counts nothing: for a single reading, after which nobody scrapes."""

    def list_ended(self, resource: str, result: str) -> None:
        """Nothing."""

    def watch_event(self, resource: str, type: str, count: int = 1) -> None:  # noqa: A002
        """Nothing."""

    def watch_restarted(self, resource: str, cause: str) -> None:
        """Nothing."""

    def rejected(self, resource: str, count: int = 1) -> None:
        """Nothing."""

    def request_ended(self, resource: str, verb: str, code: str, seconds: float) -> None:
        """Nothing."""

    def received(self, resource: str, size: int) -> None:
        """Nothing."""
