"""The task that writes Events on Services: gathered, in a measured pace, again if need be."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

import structlog

from exporter.api import (
    AbsentError,
    AnswerError,
    ApiError,
    ForbiddenError,
    UnauthorizedError,
)
from exporter.engine.transitions import Story
from exporter.model import ServiceKey, ServiceReport
from exporter.notify.gathering import Change, Gathering
from exporter.notify.recording import (
    Memory,
    Series,
    Writing,
    choose_words,
    write_event,
    write_repetition,
)
from exporter.notify.verdicts import Verdict, judge_status
from exporter.reflector.backoff import Backoff

#: Seconds for which changes are gathered: what mends itself at once needs no Event.
SETTLING = 5.0

#: Events in each such time, which makes 120 a minute at most; the others wait.
MOST_AT_ONCE = 10

#: Seconds between two Events on one Service, and before a namespace is asked again that forbade it.
APART = 10.0
DENIED_PAUSE = 60.0

#: Seconds for one request, and for all that is tried when it is over.
PATIENCE = 10.0
LAST = 2.0

_Key = TypeVar("_Key")
_PATCH = "application/merge-patch+json"
_log = structlog.get_logger(__name__)


class WriteOutcome(StrEnum):
    """What became of a change that was to be an Event."""

    CREATED = "created"
    #: Counted on an Event that was there already.
    REPEATED = "repeated"
    #: The Service is where it was, or the change is worth none.
    SETTLED = "settled"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    DROPPED = "dropped"


class Sender(Protocol):
    """What is needed of the API client."""

    async def send(
        self, method: str, path: str, body: bytes | None = None, *, form: str = ...
    ) -> bytes:
        """Ask, return the body of the answer; raises ApiError."""

    def drop_token(self) -> None:
        """The token was refused."""


class Recorder:
    """Gathers what it is told and writes Events, until cancelled.

    `clock` is seconds since the epoch, `ticks` seconds on a clock that nobody sets; `settling`
    and `apart` are seconds.
    """

    def __init__(
        self,
        client: Sender,
        counted: Callable[[str, int], None],
        *,
        settling: float = SETTLING,
        apart: float = APART,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._counted = counted
        self._settling = settling
        self._apart = apart
        self._clock = clock
        self._ticks = ticks
        self._gathering = Gathering(lambda outcome, count: counted(outcome.value, count))
        self._something = asyncio.Event()
        self._memory = Memory()
        self._written: dict[ServiceKey, float] = {}
        self._denied: dict[str, float] = {}
        self._backoff = Backoff()
        self._trouble = ""

    def tell(self, key: ServiceKey, story: Story, report: ServiceReport | None) -> None:
        """Take what became of a Service; it is written later."""
        self._gathering.add(key, story, report, self._clock())
        if self._gathering:
            self._something.set()

    async def run(self) -> None:
        """Write until cancelled; then what waits, for a moment at most."""
        try:
            while True:
                await self._something.wait()
                await asyncio.sleep(self._settling)
                rest = await self._write_some()
                if rest:
                    await asyncio.sleep(rest)
                if not self._gathering:
                    self._something.clear()
        finally:
            await self._end()

    async def _write_some(self) -> float:
        """Some of what waits; the seconds to rest if the API server has no time, else 0."""
        now = self._ticks()
        _expire(self._written, now - self._apart)
        _expire(self._denied, now - DENIED_PAUSE)
        batch = self._gathering.take(MOST_AT_ONCE, lambda key: key not in self._written)
        for number, change in enumerate(batch):
            done = False
            try:
                outcome, problem = await self._write(change)
                done = True
            except ApiError as error:
                return self._put_off(error)
            finally:
                if not done:
                    self._gathering.give_back(batch[number:], tried=False)
            self._counted(outcome.value, 1)
            if outcome in (WriteOutcome.CREATED, WriteOutcome.REPEATED):
                self._written[change.key] = self._ticks()
                self._backoff = Backoff()
                self._report("")
            elif problem:
                self._report(problem)
        left_out = self._gathering.take_left_out()
        if left_out:
            _log.warning("no room for changes: they become no Events", count=left_out)
        return 0.0

    async def _write(self, change: Change) -> tuple[WriteOutcome, str]:
        """Write one; what became of it and what went wrong. Raises what may go better later."""
        uid = change.report.service.uid
        writing = choose_words(change, warned=self._memory.is_warned(uid))
        if writing is None:
            return WriteOutcome.SETTLED, ""
        if change.key.namespace in self._denied:
            return WriteOutcome.FORBIDDEN, ""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._send(change, uid, writing), ""
        except ForbiddenError as error:
            self._denied[change.key.namespace] = self._ticks()
            return WriteOutcome.FORBIDDEN, str(error)
        except AnswerError as error:
            if isinstance(error, UnauthorizedError) or judge_status(error.code) is Verdict.RETRY:
                raise
            return WriteOutcome.REFUSED, str(error)
        except TimeoutError:
            raise ApiError("the API server does not answer") from None

    async def _send(self, change: Change, uid: str, writing: Writing) -> WriteOutcome:
        key, at = change.key, change.at
        path = f"/api/v1/namespaces/{key.namespace}/events"
        series = self._memory.find(uid, writing, at)
        if series is not None:
            body = write_repetition(writing, series, at)
            try:
                await self._client.send("PATCH", f"{path}/{series.name}", body, form=_PATCH)
            except AbsentError:
                self._memory.forget(uid, writing)  # Events live for an hour
            else:
                counted = Series(series.name, series.count + 1, at)
                self._memory.keep(uid, writing, counted)
                return WriteOutcome.REPEATED
        name = f"{key.name}.{secrets.token_hex(8)}"
        await self._client.send("POST", path, write_event(key, uid, writing, name, at))
        self._memory.keep(uid, writing, Series(name, 1, at))
        return WriteOutcome.CREATED

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(LAST):
                while self._gathering:
                    before = len(self._gathering)
                    if await self._write_some() or len(self._gathering) == before:
                        break
        except TimeoutError:
            pass  # what is left is counted below
        lost = self._gathering.give_up()
        if lost:
            _log.warning("changes become no Events: it is over", count=lost)

    def _put_off(self, error: ApiError) -> float:
        if isinstance(error, UnauthorizedError):
            self._client.drop_token()
        self._report(str(error))
        asked = error.retry_after if isinstance(error, AnswerError) else None
        seconds, self._backoff = self._backoff.wait(self._ticks(), random.random(), asked)
        return seconds

    def _report(self, trouble: str) -> None:
        """A line when it begins to go wrong, and one when it goes well again."""
        if trouble and not self._trouble:
            _log.warning("Events can't be written", error=trouble)
        elif self._trouble and not trouble:
            _log.info("Events are written again")
        self._trouble = trouble


def _expire(table: dict[_Key, float], limit: float) -> None:
    for key in [key for key, at in table.items() if at <= limit]:
        del table[key]
