"""What became of each Service in the last hours: a small memory, bounded in number.

Values and counting only: it reads no clock, and what it forgets first is what is oldest.
"""

from __future__ import annotations

from collections import deque

from exporter.model import ServiceKey, ServiceReport, Transition

#: Transitions kept of one Service, and of all together (some 150 bytes each).
EACH = 100
ALL = 20_000


class Transitions:
    """The latest transitions of every Service that had any since the exporter started."""

    def __init__(self, each: int = EACH, most: int = ALL) -> None:
        self._each = each
        self._most = most
        self._kept: dict[ServiceKey, deque[Transition]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, key: ServiceKey) -> tuple[Transition, ...]:
        """The states that a Service was in, oldest first; the last still holds. () without any."""
        return tuple(self._kept.get(key, ()))

    def note(
        self, key: ServiceKey, before: ServiceReport | None, after: ServiceReport | None, now: float
    ) -> None:
        """Remember what changed between two reports, if it is a change of state.

        The first transition of a Service is preceded by the state before it, whose beginning
        nobody saw.
        """
        if after is None:
            self._count -= len(self._kept.pop(key, ()))
            return
        fresh = _state(after, now)
        if before is not None and before.service.uid != after.service.uid:
            # Another Service under the same name: what became of the first is none of its doing.
            self._count -= len(self._kept.pop(key, ()))
            before = None
        if before is not None:
            old = _state(before, now)
            if old == fresh:
                return
            if key not in self._kept:
                self._append(key, _state(before, None))
        elif key in self._kept:
            return
        self._append(key, fresh)

    def _append(self, key: ServiceKey, state: Transition) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            kept = deque(maxlen=self._each)
        self._count += len(kept) < self._each
        kept.append(state)
        self._kept[key] = kept  # at the end: who changed last is forgotten last
        while self._count > self._most:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        key = next(iter(self._kept))
        self._kept[key].popleft()
        self._count -= 1
        if not self._kept[key]:
            del self._kept[key]


def _state(report: ServiceReport, at: float | None) -> Transition:
    judgement = report.judgement
    return Transition(
        at,
        report.known,
        report.reason,
        report.detail,
        report.ready,
        report.not_ready,
        judgement.standing,
        tuple([found.code for found in judgement.findings]),
    )
