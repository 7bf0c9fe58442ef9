"""The value that `explain` answers with, and what of it programs get to see."""

from __future__ import annotations

import msgspec

from exporter.model import Reason


class Explanation(msgspec.Struct, frozen=True):
    """What `explain` says of a Service.

    `reason` is None while it has a usable ready endpoint, or while nobody can tell; `ready` and
    `not_ready` are None when they can't be known. `since` and `now` (the moment it speaks of) are
    seconds since the epoch. `commands` are to copy into a shell. `severity` and `owner` are what
    the Service's annotations say, or "". `healthy`: it has as many ready endpoints as are wanted.
    """

    namespace: str
    service: str
    reason: Reason | None
    message: str
    detail: str | None
    fix: str
    ready: int | None
    not_ready: int | None
    evidence: tuple[str, ...]
    commands: tuple[str, ...] = ()
    since: float | None = None
    now: float = 0.0
    severity: str = ""
    owner: str = ""
    healthy: bool = False

    def answer(self) -> dict[str, object]:
        """The nine keys of `explain -o json`, in their order."""
        return {
            "namespace": self.namespace,
            "service": self.service,
            "reason": None if self.reason is None else str(self.reason),
            "message": self.message,
            "detail": self.detail,
            "fix": self.fix,
            "ready": self.ready,
            "not_ready": self.not_ready,
            "evidence": list(self.evidence),
        }
