"""The value that `explain` answers with, and what of it programs get to see."""

from __future__ import annotations

import msgspec

from exporter.explaining.durations import show_time
from exporter.explaining.told import Told
from exporter.model import Reason, Standing


class Explanation(msgspec.Struct, frozen=True):
    """What `explain` says of a Service. All text in it is escaped.

    `reason` is None while it has a usable ready endpoint, or while nobody can tell; `ready` and
    `not_ready` are None when they can't be known. `message`, `fix` and `commands` (to copy into a
    shell) are those of the reason, else of the first finding. `evidence` is what it has, and what
    shows the reason; each finding has its own. `since` and `now` (the moment it speaks of) are
    seconds since the epoch; `seen`: somebody saw it fall, else it is down since then at least.
    `severity` and `owner` are what the Service's annotations say, or "".
    """

    namespace: str
    service: str
    standing: Standing
    reason: Reason | None
    message: str
    detail: str | None
    fix: str
    ready: int | None
    not_ready: int | None
    evidence: tuple[str, ...]
    commands: tuple[str, ...] = ()
    findings: tuple[Told, ...] = ()
    since: float | None = None
    seen: bool = False
    now: float = 0.0
    severity: str = ""
    owner: str = ""

    @property
    def fine(self) -> bool:
        """Whether the Service is as it should be, and nothing is to be said about it."""
        return self.standing in (Standing.READY, Standing.INTENDED) and not self.findings

    def answer(self) -> dict[str, object]:
        """What `explain -o json` prints, its keys in their order."""
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
            "standing": str(self.standing),
            "since": show_time(self.since),
            "findings": [msgspec.to_builtins(told) for told in self.findings],
            "commands": list(self.commands),
        }
