"""The waiting of `wait`: the engine follows, each commit is looked at, and each change is told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterator

from exporter.cli.documents import describe
from exporter.cli.errors import CommandError, Exit
from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered, choose, complain, wanted_resources
from exporter.cli.guessing import guess_service
from exporter.cli.live import make_plans, open_client
from exporter.cli.telling import Ended, Telling, Wanted
from exporter.config import Settings
from exporter.engine.feed import Unmeasured
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.explaining.brief import tell_state
from exporter.explaining.wording import escape_text
from exporter.judging.goals import Sight, find_troubles, find_unread, look
from exporter.model import ServiceKey
from exporter.objects.resources import SERVICES

#: Seconds between looks at how reading goes: no commit tells that it goes on as before.
_LOOK = 0.5


class _Uncounted(Unmeasured):
    """Nobody scrapes a command."""

    def event_visible(self, seconds: float) -> None:
        """Nothing."""

    def loop_lag(self, seconds: float) -> None:
        """Nothing."""

    def programming_latency(self, seconds: float) -> None:
        """Nothing."""


class Waiting:
    """One wait. `status` is None until it has ended by itself."""

    def __init__(self, settings: Settings, wanted: Wanted, telling: Telling) -> None:
        self.status: Exit | None = None
        self._settings = settings
        self._wanted = wanted
        self._telling = telling
        self._state = State(choose(settings))
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow until it is met or the time is up; CommandError for a name that must exist."""
        resources = wanted_resources(self._settings, dependents=False)
        self._state.observe(self._note)
        async with await open_client(self._settings) as client:
            engine = Engine(
                client,
                tuple(make_plans(self._settings, resources)),
                self._state,
                _Uncounted(),
                required=resources[:2],
            )
            work = asyncio.create_task(engine.run())
            try:
                await self._watch(engine, work)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    def _note(self, _keys: Collection[ServiceKey]) -> None:
        self._changed.set()

    async def _watch(self, engine: Engine, work: asyncio.Task[None]) -> None:
        must_exist = self._wanted.must_exist
        while True:
            if work.done():
                work.result()
            snapshot = engine.snapshot()
            troubles = tuple(map(escape_text, find_troubles(snapshot)))
            self._telling.tell_trouble(troubles)
            sight = self._look(tuple(map(escape_text, find_unread(snapshot))))
            if not sight.unread:
                self._telling.tell_changes({one.key: tell_state(one) for one in sight.there})
                if must_exist:
                    self._insist(sight)
                    must_exist = False
                if sight.met:
                    self._end(Exit.FINE, sight)
                    return
            left = self._telling.left
            # A single look is one at what was read: it takes as long as that takes.
            if left <= 0 and (self._wanted.timeout or troubles or not sight.unread):
                self._end(Exit.FAILED if sight.met is None else Exit.NOT_FINE, sight)
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._changed.wait(), min(_LOOK, left) if left > 0 else _LOOK
                )
            self._changed.clear()

    # ── what is so ───────────────────────────────────────────────────────────────────────────

    def _look(self, unread: tuple[str, ...]) -> Sight:
        reports = self._state.reports
        keys = self._wanted.keys or sorted(reports)
        there = [reports[key] for key in keys if key in reports]
        seen = self._telling.seen | {report.key for report in there}
        lost = any(
            one.resource == SERVICES.name
            and (not self._wanted.keys or ServiceKey(one.namespace, one.name) in self._wanted.keys)
            for one in self._state.cluster.broken()
        )
        return look((self._wanted.goal,), self._wanted.keys, there, seen, unread, lost)

    def _insist(self, sight: Sight) -> None:
        if sight.missing:
            raise CommandError(*self._tell_missing(sight.missing))
        if not sight.there:
            raise CommandError("wait: no Service matches the selector")

    def _tell_missing(self, missing: Collection[ServiceKey]) -> Iterator[str]:
        for key in missing:
            guess = guess_service(key.name, (key.namespace,), self._state.reports)
            yield f"no Service {escape_text(str(key))}{guess}"

    def _end(self, status: Exit, sight: Sight) -> None:
        """Tell the outcome."""
        self.status = status
        gathered = Gathered(self._state, time.time(), ())
        unmet = () if sight.met else sight.unmet
        found = [explain_service(gathered, one.key) for one in unmet]
        if not sight.met:
            complain(gathered)
        self._telling.tell_end(
            Ended(
                status,
                tuple(describe(one, self._state.view(one.key)) for one in sight.there),
                [one[1] for one in found if one is not None],
                len(unmet),
                () if sight.met else tuple(self._tell_missing(sight.missing)),
                sight.unread,
            )
        )
