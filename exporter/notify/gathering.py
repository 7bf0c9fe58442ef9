"""What is to be told, gathered: one change of each Service, from where it was to where it is.

Values and counting only: it reads no clock and sends nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from exporter.engine.news import read_news
from exporter.engine.transitions import Story
from exporter.model import ServiceKey, ServiceReport, Transition

#: Services whose changes wait at once (some kilobytes each): a receiver may be away for days.
MOST = 2_000


class Outcome(StrEnum):
    """What became of a change that was to be told."""

    SENT = "sent"
    #: The Service is where it was, or gone, before anybody was told.
    SETTLED = "settled"
    #: The receiver will not have it.
    REFUSED = "refused"
    #: There was no room, or no time at the end.
    DROPPED = "dropped"


class Change(msgspec.Struct, frozen=True):
    """Where a Service was, where it is now, and how often it changed in between.

    `at` is the last time, seconds since the epoch. `tried`: somebody may have been told a part of
    it already.
    """

    key: ServiceKey
    before: Transition
    after: Transition
    report: ServiceReport
    at: float
    count: int = 1
    tried: bool = False

    @property
    def returned(self) -> bool:
        """Whether the Service is where it was."""
        return _shape(self.before) == _shape(self.after)


def _shape(state: Transition) -> tuple[object, ...]:
    """What of a state is news when it is another."""
    return state.standing, state.reason, state.findings


class Gathering:
    """The changes that wait, by Service, the one that changed last at the end.

    `counted` hears what became of those that nobody sends any more.
    """

    def __init__(self, counted: Callable[[Outcome, int], None], most: int = MOST) -> None:
        self._counted = counted
        self._most = most
        self._held: OrderedDict[ServiceKey, Change] = OrderedDict()
        #: Changes for which there was no room since `take_left_out` was asked.
        self._left_out = 0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, key: ServiceKey, story: Story, report: ServiceReport | None, now: float) -> None:
        """Take what became of a Service; one that comes or goes has nothing to tell."""
        held = self._held.get(key)
        before, after = story.before, story.after
        if report is None or before is None or after is None:
            if held is not None:
                del self._held[key]
                self._counted(Outcome.SETTLED, 1)
            return
        if read_news(key, story) is None:
            if held is not None:
                self._held[key] = msgspec.structs.replace(held, after=after, report=report)
            return
        if held is None:
            self._hold(Change(key, before, after, report, now))
            return
        del self._held[key]
        self._hold(Change(key, held.before, after, report, now, held.count + 1, held.tried))

    def take(
        self, most: int, may_go: Callable[[ServiceKey], bool] = lambda _key: True
    ) -> tuple[Change, ...]:
        """At most so many that wait for longest, among those that may go; they wait no more."""
        chosen: list[Change] = []
        for key, change in self._held.items():
            if len(chosen) == most:
                break
            if may_go(key):
                chosen.append(change)
        for change in chosen:
            del self._held[change.key]
        return tuple(chosen)

    def give_back(self, changes: Iterable[Change], *, tried: bool = True) -> None:
        """Take those back that could not be sent; what came since goes on from where they began.

        What may have been told in part is told to its end, even if all is as it was before.
        """
        newer, self._held = self._held, OrderedDict()
        for older in changes:
            newest = newer.pop(older.key, None)
            if newest is None:
                whole = msgspec.structs.replace(older, tried=tried or older.tried)
            else:
                whole = msgspec.structs.replace(
                    newest,
                    before=older.before,
                    count=older.count + newest.count,
                    tried=tried or older.tried,
                )
            self._hold(whole)
        for change in newer.values():
            self._hold(change)

    @property
    def left_out(self) -> int:
        """How many found no room since `take_left_out` was asked last."""
        return self._left_out

    def take_left_out(self) -> int:
        """How many found no room since this was asked last."""
        left_out, self._left_out = self._left_out, 0
        return left_out

    def leave_out(self, count: int) -> None:
        """So many are told to nobody."""
        if count:
            self._left_out += count
            self._counted(Outcome.DROPPED, count)

    def give_up(self) -> int:
        """Tell nobody what still waits; returns how many that were."""
        lost = len(self._held)
        self._held.clear()
        self.leave_out(lost)
        return lost

    def _hold(self, change: Change) -> None:
        if change.returned and not change.tried:
            self._counted(Outcome.SETTLED, 1)
            return
        self._held[change.key] = change
        if len(self._held) > self._most:
            self._held.popitem(last=False)
            self.leave_out(1)
