"""The waiting of `wait`: the engine follows, each commit is looked at, and each change is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Collection, Iterator

import msgspec

from exporter.cli.documents import ServiceDocument, describe
from exporter.cli.errors import PROGRAM, CommandError, Exit
from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered, choose, complain, wanted_resources
from exporter.cli.guessing import guess_service
from exporter.cli.live import make_plans, open_client
from exporter.cli.output import to_json
from exporter.cli.terminal import wants_colour
from exporter.config import Settings
from exporter.engine.feed import Unmeasured
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.explaining.brief import write_notes
from exporter.explaining.durations import human_duration
from exporter.explaining.explain import render_text
from exporter.explaining.wording import count_of, escape_text
from exporter.judging.goals import Goal, GoalKind, is_met
from exporter.model import ServiceKey, ServiceReport, Standing
from exporter.objects.resources import SERVICES

#: Seconds between looks at how reading goes: no commit tells that it goes on as before.
_LOOK = 0.5


class Wanted(msgspec.Struct, frozen=True):
    """What is waited for. `keys` are () where all Services that are read are meant.

    `timeout`: seconds, 0 for a single look. `namespaces`: () for all.
    """

    goal: Goal
    keys: tuple[ServiceKey, ...]
    namespaces: tuple[str, ...]
    timeout: float
    must_exist: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What `wait -o json` prints. `met` is null when it can't be told; `exit` is the status.

    `services` are those that are there. After a time-out `explanations` are of those that are not
    as wanted, as `explain -o json` prints them; `missing` are Services that are not there,
    `unread` what can't be read, each with why.
    """

    met: bool | None
    exit: int
    goal: str
    seconds: float
    services: tuple[ServiceDocument, ...]
    explanations: tuple[dict[str, object], ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...]


class _Uncounted(Unmeasured):
    """Nobody scrapes a command."""

    def event_visible(self, seconds: float) -> None:
        """Nothing."""

    def loop_lag(self, seconds: float) -> None:
        """Nothing."""

    def programming_latency(self, seconds: float) -> None:
        """Nothing."""


def describe_state(report: ServiceReport) -> str:
    """How a Service stands, in the words of a line: `down, CrashLoopBackOff, 0/3 ready`."""
    parts = [str(report.judgement.standing)]
    if report.reason is not None:
        parts.append(report.reason.value)
    if report.known:
        parts.append(f"{report.ready}/{report.ready + report.not_ready} ready")
    return escape_text(", ".join((*parts, *write_notes(report))))


class Waiting:
    """One wait. `status` is None until it has ended by itself."""

    def __init__(self, settings: Settings, wanted: Wanted, *, json: bool, colour: str) -> None:
        self.status: Exit | None = None
        self._settings = settings
        self._wanted = wanted
        self._json = json
        self._colour = colour
        self._state = State(choose(settings))
        self._changed = asyncio.Event()
        self._told: dict[ServiceKey, str] = {}
        self._trouble = ""
        #: Services that were there at some time: one of them that is not any more was deleted.
        self._seen: set[ServiceKey] = set()
        self._begun = time.monotonic()

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
        was_looked = was_read = False
        while True:
            if work.done():
                work.result()
            unread = self._find_unread(engine)
            self._tell_trouble(unread)
            looked = engine.snapshot().shown
            read = all(one.synced and not one.error for one in engine.resources() if one.required)
            # What was only just read after a trouble is in the next commit, not in this one.
            settled = looked and read and (was_read or not was_looked)
            was_looked, was_read = looked, read
            if settled:
                self._tell_changes()
                if must_exist:
                    self._insist()
                    must_exist = False
                if self._is_met():
                    self._end(Exit.FINE, unread)
                    return
            left = self._begun + self._wanted.timeout - time.monotonic()
            if left <= 0 and (self._wanted.timeout or looked or unread):
                self._end(self._judge(unread) if settled else Exit.FAILED, unread)
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._changed.wait(), min(_LOOK, left) if left > 0 else _LOOK
                )
            self._changed.clear()

    # ── what is so ───────────────────────────────────────────────────────────────────────────

    def _find_unread(self, engine: Engine) -> tuple[str, ...]:
        """What is needed and can't be read now: while that is so nothing counts as met."""
        return tuple(
            escape_text(f"{one.resource}: {one.error or 'not read yet'}")
            for one in engine.resources()
            if one.required and (one.error or (self._is_late() and not one.synced))
        )

    def _is_late(self) -> bool:
        """Whether what was not read by now was not in time."""
        spent = time.monotonic() - self._begun
        return self._wanted.timeout > 0 and spent >= self._wanted.timeout

    def _reports(self) -> list[ServiceReport]:
        reports = self._state.reports
        keys = self._wanted.keys or sorted(reports)
        return [reports[key] for key in keys if key in reports]

    def _missing(self) -> tuple[ServiceKey, ...]:
        return tuple(key for key in self._wanted.keys if key not in self._state.reports)

    def _unmet(self) -> list[ServiceReport]:
        return [one for one in self._reports() if not is_met(self._wanted.goal, one)]

    def _is_met(self) -> bool:
        """All are there and as wanted; whoever was deleted meanwhile is withdrawn, too."""
        missing = set(self._missing())
        if self._wanted.goal.kind is GoalKind.WITHDRAWN:
            missing -= self._seen
            some = bool(self._seen)
        else:
            some = bool(self._reports())
        return some and not missing and not self._unmet()

    def _judge(self, unread: Collection[str]) -> Exit:
        lost = any(
            one.resource == SERVICES.name
            and (not self._wanted.keys or ServiceKey(one.namespace, one.name) in self._wanted.keys)
            for one in self._state.cluster.broken()
        )
        blind = any(one.judgement.standing is Standing.UNKNOWN for one in self._unmet())
        return Exit.FAILED if unread or lost or blind else Exit.NOT_FINE

    def _insist(self) -> None:
        missing = self._missing()
        if missing:
            raise CommandError(*self._tell_missing(missing))
        if not self._reports():
            raise CommandError("wait: no Service matches the selector")

    def _tell_missing(self, missing: Collection[ServiceKey]) -> Iterator[str]:
        for key in missing:
            guess = guess_service(key.name, (key.namespace,), self._state.reports)
            yield f"no Service {escape_text(str(key))}{guess}"

    # ── what is told ─────────────────────────────────────────────────────────────────────────

    def _say(self, line: str) -> None:
        """A line of how it goes; a document has stdout for itself."""
        print(line, file=sys.stderr if self._json else sys.stdout, flush=True)

    def _tell_trouble(self, unread: Collection[str]) -> None:
        """Each trouble when it begins; that of the end is told there."""
        trouble = "; ".join(unread)
        if trouble and trouble != self._trouble and not self._is_late():
            print(f"{PROGRAM}: can't read {trouble}", file=sys.stderr, flush=True)
        self._trouble = trouble

    def _tell_changes(self) -> None:
        now: dict[ServiceKey, str] = {}
        for report in self._reports():
            now[report.key] = describe_state(report)
        self._seen |= now.keys()
        gone = self._told.keys() - now.keys()
        for key in (*self._missing(), *sorted(gone - set(self._missing()))):
            now[key] = "deleted" if key in self._seen else "not there yet"
        for key, line in now.items():
            if self._told.get(key) != line:
                self._say(f"{escape_text(str(key))}: {line}")
        self._told = now

    def _end(self, status: Exit, unread: tuple[str, ...]) -> None:
        """Tell the outcome."""
        self.status = status
        spent = time.monotonic() - self._begun
        gathered = Gathered(self._state, time.time(), unread)
        met = status is Exit.FINE
        unmet = [] if met else self._unmet()
        found = [explain_service(gathered, one.key) for one in unmet]
        explanations = [one[1] for one in found if one is not None]
        missing = () if met else tuple(self._tell_missing(self._missing()))
        if self._json:
            documents = (describe(one, self._state.view(one.key)) for one in self._reports())
            outcome = Outcome(
                met=None if status is Exit.FAILED else met,
                exit=int(status),
                goal=self._wanted.goal.text,
                seconds=round(spent, 3),
                services=tuple(documents),
                explanations=tuple(one.answer() for one in explanations),
                missing=missing,
                unread=unread,
            )
            sys.stdout.write(to_json(outcome))
            return
        goal = escape_text(self._wanted.goal.text)
        if met:
            self._say(f"{goal} after {human_duration(spent)}")
            return
        complain(msgspec.structs.replace(gathered, missing=()))
        for line in missing:
            print(f"{PROGRAM}: {line}", file=sys.stderr)
        colours = wants_colour(self._colour, sys.stdout, os.environ)
        for one in explanations:
            sys.stdout.write("\n" + render_text(one, colour=colours))
        sys.stdout.flush()
        verb = "can't tell" if status is Exit.FAILED else "timed out"
        print(
            f"{PROGRAM}: {verb} after {human_duration(spent)}: "
            + ("; ".join(unread) or self._sum_up(len(unmet) + len(missing))),
            file=sys.stderr,
        )

    def _sum_up(self, bad: int) -> str:
        if not bad:
            return "no Service matches the selector"
        is_not = "is not" if bad == 1 else "are not"
        return f"{count_of(bad, 'Service')} {is_not} {escape_text(self._wanted.goal.text)}"
