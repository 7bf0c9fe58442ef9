"""All that a judgement is made from: facts, what time tells, the time, the user's choices."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.analysis.candidates import Verdict
from exporter.analysis.facts import Facts
from exporter.history import Seen
from exporter.judging.youth import find_end_of_youth
from exporter.model import MOST_ABOUT, About, Reason
from exporter.objects.workloads import Workload


class Case:
    """A Service that is judged. `due` is when time alone changes what was asked so far."""

    __slots__ = (
        "best",
        "due",
        "facts",
        "grace",
        "now",
        "reason",
        "seen",
        "service",
        "short",
        "unready",
        "young",
    )

    def __init__(
        self,
        facts: Facts,
        verdict: Verdict | None,
        seen: Seen,
        short: Sequence[Workload],
        now: float,
        grace: float,
    ) -> None:
        self.facts = facts
        self.service = facts.view.service
        self.reason: Reason | None = verdict[0] if verdict is not None else None
        self.seen = seen
        #: The workloads behind it that want more Pods than there are.
        self.short = short
        self.now = now
        self.grace = grace
        self.due = seen.due
        # Of a dual-stack Service each Pod has two addresses: the sum would hide that half are gone.
        self.best = max([counts.ready for counts in facts.counts], default=0)
        #: Candidates that are not ready, and all; None until somebody counts them.
        self.unready: tuple[int, int] | None = None
        #: When it stops to be new; None for one that is not.
        self.young = find_end_of_youth(self.service.created, now, grace)
        if self.young is not None:
            self.due = self.young if self.due is None else min(self.due, self.young)

    @property
    def works(self) -> bool:
        """Whether it has a usable ready endpoint."""
        return self.facts.reach.usable

    def is_within(self, began: float, seconds: float) -> bool:
        """Whether less than so many seconds have gone by; when they have, it is looked at again."""
        ends = began + seconds
        if self.now >= ends:
            return False
        if self.due is None or ends < self.due:
            self.due = ends
        return True


def some(about: Sequence[About]) -> tuple[About, ...]:
    """As many as a finding tells of, sorted."""
    return tuple(sorted(set(about))[:MOST_ABOUT])
