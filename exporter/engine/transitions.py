"""What became of each Service in the last hours: a small memory, bounded in number.

Values and counting only: it reads no clock, and what it forgets first is what is oldest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from exporter.model import ServiceKey, ServiceReport, Transition

#: Transitions kept of one Service, and of all together (some 150 bytes each).
EACH = 100
ALL = 20_000


class Story(msgspec.Struct, frozen=True):
    """What became of a Service between two reports.

    `anew`: what is kept of it is another's, or it is gone. `before` is the state that was left,
    None when there was none to leave; `after` the one come into, None when nobody saw it come.
    """

    anew: bool
    before: Transition | None
    after: Transition | None


def compare(before: ServiceReport | None, after: ServiceReport | None, now: float) -> Story | None:
    """What changed between two reports, None when it is no change of state.

    Another Service under the same name, made before anybody saw that the first was gone, is told
    by its uid: nothing is kept of the first, and nobody saw the other come.
    """
    if after is None or (before is not None and before.service.uid != after.service.uid):
        return Story(anew=True, before=None, after=None)
    fresh = _state(after, now)
    if before is None:
        return Story(anew=True, before=None, after=fresh)
    left = _state(before, None)
    if msgspec.structs.replace(left, at=now) == fresh:
        return None
    return Story(anew=False, before=left, after=fresh)


class Transitions:
    """The latest transitions of every Service that had any since the exporter started.

    Where there is no room the first to be forgotten are Services that were never down: a moment
    in which nothing could be read must not push out every outage that was seen.
    """

    def __init__(self, each: int = EACH, most: int = ALL) -> None:
        self._each = each
        self._most = most
        # Both in order of their last change.
        self._calm: dict[ServiceKey, deque[Transition]] = {}
        self._downs: dict[ServiceKey, deque[Transition]] = {}
        self._count = 0
        self._followers: list[Callable[[ServiceKey, Story], None]] = []

    def follow(self, told: Callable[[ServiceKey, Story], None]) -> None:
        """Have `told` called for each change of state, once it is visible; it must be quick."""
        self._followers.append(told)

    def __len__(self) -> int:
        return self._count

    def of(self, key: ServiceKey) -> tuple[Transition, ...]:
        """The states that a Service was in, oldest first; the last still holds. () without any."""
        return tuple(self._downs.get(key) or self._calm.get(key) or ())

    def note(self, key: ServiceKey, story: Story) -> None:
        """Remember what changed.

        The first transition of a Service is preceded by the state before it, whose beginning
        nobody saw.
        """
        for told in self._followers:
            told(key, story)
        down = key in self._downs
        kept = self._downs.pop(key, None) or self._calm.pop(key, None)
        self._count -= len(kept or ())
        if kept is None or story.anew:
            kept, down = deque(maxlen=self._each), False
        for state in (story.before if not kept else None, story.after):
            if state is not None:
                kept.append(state)
                down = down or (state.known and state.reason is not None)
        if not kept:
            return
        self._count += len(kept)
        # At the end: who changed last is forgotten last.
        (self._downs if down else self._calm)[key] = kept
        while self._count > self._most:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        among = self._calm or self._downs
        key = next(iter(among))
        among[key].popleft()
        self._count -= 1
        if not among[key]:
            del among[key]


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
