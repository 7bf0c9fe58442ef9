"""The task that sends changes to a receiver: gathered, one message at a time, again if need be."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from exporter.engine.transitions import Story
from exporter.model import ServiceKey, ServiceReport
from exporter.notify.gathering import Change, Gathering, Outcome
from exporter.notify.payload import VERSION, Message, write_change
from exporter.notify.verdicts import Verdict
from exporter.notify.webhook import Answer
from exporter.reflector.backoff import Backoff

#: Changes in one message (some 400 bytes each).
MOST_AT_ONCE = 500

#: Seconds for the one message that is tried when it is over.
LAST = 3.0

#: Changes written between two pauses.
_STRIDE = 25

_log = structlog.get_logger(__name__)


class Sending(Protocol):
    """What is needed of a webhook."""

    async def send(self, body: bytes) -> Answer:
        """POST the message; never raises."""

    async def close(self) -> None:
        """Close what is open."""


class Counting(Protocol):
    """Who counts what becomes of changes and messages."""

    def change_told(self, outcome: str, count: int = 1) -> None:
        """So many changes ended so."""

    def message_ended(self, verdict: str) -> None:
        """A message was answered so."""


class Letterhead(msgspec.Struct, frozen=True):
    """What stands in every message: the exporter's version, the cluster's name, the page's URL."""

    exporter: str
    cluster: str | None = None
    page: str | None = None


class Courier:
    """Gathers what it is told and sends it every `interval` seconds, until cancelled.

    `clock` is seconds since the epoch, `ticks` seconds on a clock that nobody sets.
    """

    def __init__(
        self,
        webhook: Sending,
        letterhead: Letterhead,
        counting: Counting,
        *,
        interval: float,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._webhook = webhook
        self._letterhead = letterhead
        self._counting = counting
        self._interval = interval
        self._clock = clock
        self._ticks = ticks
        self._gathering = Gathering(
            lambda outcome, count: counting.change_told(outcome.value, count)
        )
        self._something = asyncio.Event()
        self._backoff = Backoff()
        self._trouble = ""
        self._left_out = 0
        self._full = False

    def tell(self, key: ServiceKey, story: Story, report: ServiceReport | None) -> None:
        """Take what became of a Service; it is sent later."""
        self._gathering.add(key, story, report, self._clock())
        if self._gathering:
            self._something.set()

    async def run(self) -> None:
        """Send until cancelled; then once more what waits, for a few seconds at most."""
        try:
            while True:
                await self._something.wait()
                await asyncio.sleep(self._interval)
                await self._deliver()
                if not self._gathering:
                    self._something.clear()
        finally:
            try:
                await self._end()
            finally:
                await self._webhook.close()

    async def _deliver(self) -> None:
        """Send until a message is answered for good."""
        while True:
            seconds = await self._send_some()
            if not seconds:
                return
            await asyncio.sleep(seconds)

    async def _send_some(self) -> float:
        """One message; the seconds to rest before the next one."""
        batch = self._gathering.take(MOST_AT_ONCE)
        left_out = self._left_out + self._gathering.take_left_out()
        self._left_out = 0
        answered = False
        try:
            answer = await self._webhook.send(await self._write(batch, left_out))
            answered = answer.verdict is not Verdict.RETRY
        finally:
            if not answered:
                self._gathering.give_back(batch)
                self._left_out += left_out
        self._counting.message_ended(answer.verdict.value)
        self._report(answer, len(batch), left_out)
        if answer.verdict is Verdict.RETRY:
            seconds, self._backoff = self._backoff.wait(
                self._ticks(), random.random(), answer.retry_after
            )
            return seconds
        self._backoff = Backoff()
        accepted = answer.verdict is Verdict.ACCEPTED
        outcome = Outcome.SENT if accepted else Outcome.REFUSED
        self._counting.change_told(outcome.value, len(batch))
        return 0.0

    async def _end(self) -> None:
        if not self._gathering:
            return
        try:
            async with asyncio.timeout(LAST):
                while self._gathering:
                    # What is refused or may be tried again has no other chance either.
                    if await self._send_some():
                        break
        except TimeoutError:
            self._counting.message_ended(Verdict.RETRY.value)
        lost = self._gathering.give_up()
        if lost:
            _log.warning("changes are told to nobody: it is over", count=lost)

    async def _write(self, batch: tuple[Change, ...], left_out: int) -> bytes:
        written = []
        for number, change in enumerate(batch, 1):
            written.append(write_change(change, self._letterhead.page))
            if not number % _STRIDE:
                await asyncio.sleep(0)  # others want to go on
        head = self._letterhead
        return msgspec.json.encode(
            Message(VERSION, head.exporter, tuple(written), head.cluster, left_out)
        )

    def _report(self, answer: Answer, count: int, left_out: int) -> None:
        """A line when it begins to go wrong, and one when it goes well again."""
        if answer.trouble and answer.trouble != self._trouble:
            if answer.verdict is Verdict.REFUSED:
                _log.warning("changes are refused", problem=answer.trouble, count=count)
            elif not self._trouble:
                _log.warning("changes can't be told, and are kept", problem=answer.trouble)
        elif self._trouble and not answer.trouble:
            _log.info("changes are told again")
        self._trouble = answer.trouble
        if left_out and not self._full:
            _log.warning("changes find no room and are told to nobody", count=left_out)
        self._full = bool(left_out) and answer.verdict is Verdict.RETRY
