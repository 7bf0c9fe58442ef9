"""Events on an API server that is kept in memory: made, counted on, forbidden, put off, dropped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from structlog.testing import capture_logs

from exporter.api import AbsentError, AnswerError, ApiError, ForbiddenError, RefusedError
from exporter.notify.recorder import Recorder
from tests.unit.notify.stories import DOWN, READY, Play

PATH = "/api/v1/namespaces/d/events"


class Cluster:
    """Takes Events; answers with `errors` first, one for each request."""

    def __init__(self, *errors: ApiError) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.errors = list(errors)
        self.asked: list[str] = []
        self.counts: dict[str, int] = {}

    async def send(
        self, method: str, path: str, body: bytes | None = None, *, form: str = ""
    ) -> bytes:
        """Answer as the API server would."""
        await asyncio.sleep(0)
        self.asked.append(f"{method} {form}")
        if self.errors:
            raise self.errors.pop(0)
        given = json.loads(body or b"")
        if method == "POST":
            assert path == PATH
            self.events[given["metadata"]["name"]] = given
        else:
            name = path.removeprefix(f"{PATH}/")
            if name not in self.events:
                raise AbsentError("it is over", 404)
            self.events[name] |= given
        return b"{}"

    def drop_token(self) -> None:
        """Nothing here is refused for its token."""

    def count(self, outcome: str, count: int) -> None:
        """So many ended so."""
        self.counts[outcome] = self.counts.get(outcome, 0) + count

    async def wait_for(self, **counts: int) -> None:
        """Until so much was counted."""
        async with asyncio.timeout(20):
            while self.counts != counts:  # noqa: ASYNC110 - nothing here tells of it
                await asyncio.sleep(0.001)

    @property
    def told(self) -> list[tuple[str, str, int]]:
        """Type, reason and count of each Event."""
        return [(one["type"], one["reason"], one["count"]) for one in self.events.values()]


@asynccontextmanager
async def recording(cluster: Cluster) -> AsyncIterator[Recorder]:
    """A Recorder that waits for nothing, stopped at the end."""
    recorder = Recorder(cluster, cluster.count, settling=0.0, apart=0.0)
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_same_again_is_counted_on_the_same_event() -> None:
    """Down, up, down: two Events, the first of them twice."""
    cluster, play = Cluster(), Play()
    async with recording(cluster) as recorder:
        recorder.tell(*play.become(DOWN))
        await cluster.wait_for(created=1)
        recorder.tell(*play.become(READY))
        await cluster.wait_for(created=2)
        recorder.tell(*play.become(DOWN))
        await cluster.wait_for(created=2, repeated=1)
    assert cluster.told == [("Warning", "EndpointsNotReady", 2), ("Normal", "Ready", 1)]
    assert cluster.asked[-1] == "PATCH application/merge-patch+json"


async def test_an_event_that_is_over_is_made_anew() -> None:
    """The API server forgets Events after an hour."""
    cluster, play = Cluster(), Play()
    async with recording(cluster) as recorder:
        recorder.tell(*play.become(DOWN))
        await cluster.wait_for(created=1)
        recorder.tell(*play.become(READY))
        await cluster.wait_for(created=2)
        cluster.events.clear()
        recorder.tell(*play.become(DOWN))
        await cluster.wait_for(created=3)
    assert cluster.told == [("Warning", "EndpointsNotReady", 1)]


async def test_what_is_forbidden_is_counted_told_once_and_not_asked_again_at_once() -> None:
    """Two changes, one question, one line; nothing else stops."""
    cluster, play = Cluster(ForbiddenError("may not create events", 403)), Play()
    with capture_logs() as lines:
        async with recording(cluster) as recorder:
            recorder.tell(*play.become(DOWN))
            await cluster.wait_for(forbidden=1)
            recorder.tell(*play.become(("FFT", "FFT")))
            recorder.tell(*play.become(READY))
            recorder.tell(*play.become(DOWN))
            await asyncio.sleep(0)
    assert len(cluster.asked) == 1
    assert [(line["event"], line["error"]) for line in lines] == [
        ("Events can't be written", "may not create events")
    ]


async def test_a_server_without_time_gets_it_later() -> None:
    """What may go better is tried again; what is refused for good is counted."""
    cluster, play = Cluster(RefusedError("nobody listens")), Play()
    async with recording(cluster) as recorder:
        recorder.tell(*play.become(DOWN))
        await cluster.wait_for(created=1)
        cluster.errors.append(AnswerError("it is invalid", 422))
        recorder.tell(*play.become(READY))
        await cluster.wait_for(created=1, refused=1)
    assert cluster.told == [("Warning", "EndpointsNotReady", 1)]


async def test_what_is_left_at_the_end_is_written_or_counted() -> None:
    """One is written while it stops; with a server that refuses all is dropped, in one line."""
    cluster = Cluster()
    async with recording(cluster) as recorder:
        await asyncio.sleep(0)
        recorder.tell(*Play().become(DOWN))
    assert cluster.counts == {"created": 1}
    cluster = Cluster(*(RefusedError("nobody listens") for _ in range(9)))
    with capture_logs() as lines:
        async with recording(cluster) as recorder:
            await asyncio.sleep(0)
            recorder.tell(*Play().become(DOWN))
    assert cluster.counts == {"dropped": 1}
    assert lines[-1]["event"] == "changes become no Events: it is over"
