"""The log lines of a feed: when its state changes, and never the same trouble again and again."""

from __future__ import annotations

import time
from typing import Protocol

import structlog

#: Seconds for which a failure that was told is not told again, however often it comes and goes.
QUIET_SECONDS = 600.0


class Told(Protocol):
    """What is looked at."""

    mode: str
    synced: bool
    forbidden: bool
    absent: bool
    objects: int
    error: str


class Telling:
    """Compares what is with what was told last."""

    def __init__(self, resource: str, namespace: str) -> None:
        scope = {"namespace": namespace} if namespace else {}
        self._log = structlog.get_logger("exporter.engine").bind(resource=resource, **scope)
        self._mode = ""
        self._synced = False
        self._failing = False
        self._error = ""
        self._failures = 0
        self._quiet_until: dict[str, float] = {}

    def tell(self, now_is: Told, *, failed: bool = False) -> None:
        """One line for each change. `failed`: something has just gone wrong (once more)."""
        self._failures += failed
        if now_is.error:
            self._tell_failure(now_is)
            return
        if self._mode and now_is.mode != self._mode:
            watching = now_is.mode == "watch"
            self._log.info("watching again" if watching else "polling: the watch is denied")
        self._mode = now_is.mode
        if self._failing:
            self._failing = False
            self._log.info("reading again", failures=self._failures)
        elif now_is.synced and not self._synced:
            self._log.info("synced", objects=now_is.objects, mode=now_is.mode)
        self._synced = now_is.synced
        self._failures = 0
        self._error = ""

    def _tell_failure(self, now_is: Told) -> None:
        self._synced = now_is.synced
        if now_is.error == self._error:
            return
        self._error = now_is.error
        at = time.monotonic()
        if self._quiet_until.get(now_is.error, 0.0) > at:
            return
        if len(self._quiet_until) > 50:
            self._quiet_until.clear()  # messages that never repeat: ports, times, names
        self._quiet_until[now_is.error] = at + QUIET_SECONDS
        self._failing = True
        event = "can't be read"
        if now_is.forbidden:
            event = "may not be read"
        elif now_is.absent:
            event = "is not there"
        self._log.warning(event, error=now_is.error)
