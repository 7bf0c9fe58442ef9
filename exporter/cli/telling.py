"""What `wait` tells: a line for each change, one for each trouble, and the outcome."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence

import msgspec

from exporter.cli.errors import PROGRAM, Exit
from exporter.cli.output import to_json
from exporter.cli.terminal import wants_colour
from exporter.explaining.durations import human_duration
from exporter.explaining.explanation import Explanation
from exporter.explaining.render import render_text
from exporter.explaining.wording import count_of, escape_text
from exporter.judging.goals import Goal
from exporter.model import ServiceKey


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

    `services` are those that are there: as `get -o json` prints them, with --from-url as the
    exporter's API does. After a time-out `explanations` are of those that are not as wanted, as
    `explain -o json` prints them; `missing` are Services that are not there, `unread` what can't be
    read, each with why.
    """

    met: bool | None
    exit: int
    goal: str
    seconds: float
    services: tuple[object, ...]
    explanations: tuple[dict[str, object], ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...]


class Ended(msgspec.Struct, frozen=True):
    """How it ended, as Outcome has it; `unmet` is how many are there and not as wanted."""

    status: Exit
    services: tuple[object, ...] = ()
    explanations: Sequence[Explanation] = ()
    unmet: int = 0
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Telling:
    """Tells of one wait; it began when this was made. `seen` are Services that were there."""

    def __init__(self, wanted: Wanted, *, json: bool, colour: str) -> None:
        self.seen: set[ServiceKey] = set()
        self._wanted = wanted
        self._json = json
        self._colour = colour
        self._told: Mapping[ServiceKey, str] = {}
        self._trouble = ""
        self._begun = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until the time is up; none or less afterwards."""
        return self._begun + self._wanted.timeout - time.monotonic()

    def tell_trouble(self, troubles: Collection[str]) -> None:
        """Each trouble when it begins; that of the end is told there."""
        trouble = "; ".join(troubles)
        late = self._wanted.timeout > 0 and self.left <= 0
        if trouble and trouble != self._trouble and not late:
            print(f"{PROGRAM}: can't read {trouble}", file=sys.stderr, flush=True)
        self._trouble = trouble

    def tell_changes(self, there: Mapping[ServiceKey, str]) -> None:
        """How each Service that is there stands now: what is otherwise than before is told."""
        self.seen |= there.keys()
        now = dict(there)
        gone = [key for key in self._wanted.keys if key not in now]
        for key in (*gone, *sorted(self._told.keys() - now.keys() - set(gone))):
            now[key] = "deleted" if key in self.seen else "not there yet"
        for key, line in now.items():
            if self._told.get(key) != line:
                self._say(f"{escape_text(str(key))}: {line}")
        self._told = now

    def tell_end(self, ended: Ended) -> None:
        """The outcome."""
        spent = time.monotonic() - self._begun
        met, goal = ended.status is Exit.FINE, escape_text(self._wanted.goal.text)
        if self._json:
            outcome = Outcome(
                met=None if ended.status is Exit.FAILED else met,
                exit=int(ended.status),
                goal=self._wanted.goal.text,
                seconds=round(spent, 3),
                services=ended.services,
                explanations=tuple(one.answer() for one in ended.explanations),
                missing=ended.missing,
                unread=ended.unread,
            )
            sys.stdout.write(to_json(outcome))
            return
        if met:
            self._say(f"{goal} after {human_duration(spent)}")
            return
        for line in ended.missing:
            print(f"{PROGRAM}: {line}", file=sys.stderr)
        colours = wants_colour(self._colour, sys.stdout, os.environ)
        for one in ended.explanations:
            sys.stdout.write("\n" + render_text(one, colour=colours))
        sys.stdout.flush()
        verb = "can't tell" if ended.status is Exit.FAILED else "timed out"
        why = "; ".join(ended.unread) or _sum_up(ended.unmet + len(ended.missing), goal)
        print(f"{PROGRAM}: {verb} after {human_duration(spent)}: {why}", file=sys.stderr)

    def _say(self, line: str) -> None:
        """A line of how it goes; a document has stdout for itself."""
        print(line, file=sys.stderr if self._json else sys.stdout, flush=True)


def _sum_up(bad: int, goal: str) -> str:
    if not bad:
        return "no Service matches the selector"
    return f"{count_of(bad, 'Service')} {'is not' if bad == 1 else 'are not'} {goal}"
