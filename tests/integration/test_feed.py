"""Feeds against a simulated server over real sockets: what it does wrong must not be lost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from exporter.api.tls import Tls
from exporter.api.tokens import TokenFile
from exporter.engine.feed import Lists, follow
from exporter.engine.feed import following as feed_module
from exporter.model import SyncMode
from exporter.reflector import Plan, backoff
from exporter.sim.access import Deny
from exporter.sim.faults import Fault, FaultKind
from exporter.sim.server import Settings, SimServer
from exporter.sim.watching import Pace
from tests.integration.feeding import (
    Following,
    client_of,
    following,
    service,
    serving,
    undecodable,
    until,
)


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rests of hundredths of a second: their lengths are tested where no time passes."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.05)


async def test_it_lists_and_then_follows() -> None:
    """What is there, what comes, what changes and what goes."""
    async with serving("a", "b") as server, following(server) as seen:
        await until(lambda: seen.names == {"a", "b"})
        server.store.apply(service("c"))
        server.store.delete("Service", "d", "a")
        server.store.apply(service("b", tier="front"))
        await until(lambda: seen.names == {"b", "c"} and seen.view["b"].labels)  # type: ignore[index]
        status = seen.status
        assert (status.mode, status.synced, status.objects, status.error) == ("watch", True, 2, "")
        assert status.last_sync is not None
        assert status.last_event is not None
        assert seen.counts.events == {"ADDED": 1, "MODIFIED": 1, "DELETED": 1}
        assert seen.counts.lists == {"success": 1}
        assert seen.counts.requests == {("list", "200"): 1, ("watch", "200"): 1}
        assert seen.counts.bytes > 500


async def test_the_requests_are_those_of_the_protocol() -> None:
    """First list from the cache, watch with bookmarks and a time-out, JSON, no compression."""
    async with serving("a") as server, following(server) as seen:
        await until(lambda: server.seen("services", "watch"))
        (listed,) = server.seen("services", "list")
        assert listed.path == "/api/v1/services"
        assert listed.query == {"resourceVersion": "0", "limit": "500"}
        assert listed.headers["Accept"] == "application/json"
        assert listed.headers["User-Agent"].startswith("kube-endpoints-exporter/")
        (watched,) = server.seen("services", "watch")
        timeout = int(watched.query.pop("timeoutSeconds"))
        assert 300 <= timeout < 600
        assert watched.query == {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(server.store.resource_version),
        }
        assert watched.headers["Accept-Encoding"] == "identity"
        await until(lambda: seen.names == {"a"})


async def test_scope_and_selectors_are_asked_for() -> None:
    """A Role in one namespace is enough; what a selector leaves out is never sent."""
    async with serving("a") as server:
        server.store.apply({**service("b"), "metadata": {"namespace": "e", "name": "b"}})
        server.store.apply(service("c", app="c"))
        async with following(server, namespace="d", label_selector="app=c") as seen:
            await until(lambda: seen.names == {"c"})
            server.store.apply(service("a", app="c"))
            await until(lambda: seen.names == {"a", "c"})
            server.store.apply(service("c"))
            await until(lambda: seen.names == {"a"})
        assert server.seen("services", "list")[0].path == "/api/v1/namespaces/d/services"


async def test_a_list_in_pages_is_shown_when_all_have_come() -> None:
    """Nobody ever sees the first page alone."""
    settings = Settings(limit_at_zero=True)
    async with (
        serving("a", "b", "c", settings=settings) as server,
        following(server, limit=1) as seen,
    ):
        await until(lambda: seen.names == {"a", "b", "c"})
        assert seen.views == [frozenset("abc")]
        assert [r.query.get("resourceVersion") for r in server.seen("services", "list")] == [
            "0",
            None,
            None,
        ]


LIST_FAULTS = [
    Fault(FaultKind.GONE, verb="list"),
    Fault(FaultKind.EXPIRED_CONTINUE),
    Fault(FaultKind.TOO_LARGE_RV, verb="list"),
    Fault(FaultKind.TOO_MANY_REQUESTS, verb="list", retry_after=0),
    Fault(FaultKind.ERROR_500, verb="list", retry_after=0),
    Fault(FaultKind.PROXY_ERROR, verb="list"),
    Fault(FaultKind.RESET, verb="list"),
    Fault(FaultKind.GARBAGE, verb="list"),
    Fault(FaultKind.PARTIAL_FRAME, verb="list"),
    Fault(FaultKind.SLOW, verb="list", delay=0.1),
    Fault(FaultKind.UNAUTHORIZED, verb="list"),
    Fault(FaultKind.FORBIDDEN, verb="list"),
]


@pytest.mark.parametrize("page", [0, 1])
@pytest.mark.parametrize("fault", LIST_FAULTS, ids=lambda fault: fault.kind.value)
async def test_a_list_that_fails_on_any_page_is_got_in_the_end(fault: Fault, page: int) -> None:
    """Whatever goes wrong with a page, what is shown first is the whole list."""
    struck = Fault(fault.kind, verb="list", after=page, retry_after=0, delay=fault.delay)
    settings = Settings(limit_at_zero=True)
    async with (
        serving("a", "b", "c", settings=settings, faults=[struck]) as server,
        following(server, limit=1) as seen,
    ):
        await until(lambda: seen.names == {"a", "b", "c"})
        assert seen.views == [frozenset("abc")]
        assert not server.faults.pending
        await until(lambda: seen.status.error == "")
        server.store.apply(service("d"))
        await until(lambda: seen.names == {"a", "b", "c", "d"})


WATCH_FAULTS = [
    (FaultKind.GONE, "gone", 2),
    (FaultKind.RESET, "reset", 1),
    (FaultKind.PARTIAL_FRAME, "reset", 1),
    (FaultKind.GARBAGE, "error", 2),
    (FaultKind.ERROR_EVENT, "error", 2),
]


@pytest.mark.parametrize(
    "kind,cause,lists", WATCH_FAULTS, ids=lambda value: getattr(value, "value", None)
)
async def test_a_watch_that_breaks_after_an_event_loses_nothing(
    kind: FaultKind, cause: str, lists: int
) -> None:
    """What was told stays, what happened meanwhile is caught up on, by a watch or by a list."""
    async with (
        serving("a", faults=[Fault(kind, verb="watch", after=1)]) as server,
        following(server) as seen,
    ):
        await until(lambda: server.store.watchers("Service") == 1)
        server.store.apply(service("b"))
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"a", "b", "c"})
        await until(lambda: len(server.seen("services", "watch")) == 2)
        server.store.apply(service("d"))
        await until(lambda: seen.names == {"a", "b", "c", "d"})
        assert seen.counts.restarts == {cause: 1}
        assert len(server.seen("services", "list")) == lists
        assert all(view >= {"a"} for view in seen.views)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.TOO_MANY_REQUESTS, verb="watch", retry_after=0),
        Fault(FaultKind.ERROR_500, verb="watch", retry_after=0),
        Fault(FaultKind.PROXY_ERROR, verb="watch"),
        Fault(FaultKind.RESET, verb="watch"),
        Fault(FaultKind.SHORT_WATCH),
        Fault(FaultKind.UNAUTHORIZED, verb="watch"),
        Fault(FaultKind.FORBIDDEN, verb="watch"),
        Fault(FaultKind.TOO_LARGE_RV, verb="watch"),
        Fault(FaultKind.GONE, verb="watch"),
        Fault(FaultKind.ERROR_EVENT, status=429),
    ],
    ids=lambda fault: fault.kind.value,
)
async def test_a_watch_that_is_not_granted_is_got_in_the_end(fault: Fault) -> None:
    """After each way to be refused the next change arrives."""
    async with serving("a", faults=[fault]) as server, following(server) as seen:
        await until(lambda: server.store.watchers("Service") == 1 and not server.faults.pending)
        server.store.apply(service("b"))
        await until(lambda: seen.names == {"a", "b"})
        assert sum(seen.counts.restarts.values()) == 1
        await until(lambda: seen.status.error == "")


async def test_events_that_are_odd_do_no_harm() -> None:
    """Twice the same, a type that nobody knows, an object that is none: the rest is read."""
    faults = [
        Fault(FaultKind.UNKNOWN_EVENT, verb="watch", after=1),
        Fault(FaultKind.BAD_OBJECT, verb="list"),
    ]
    async with serving("a", faults=faults) as server, following(server) as seen:
        await until(lambda: server.store.watchers("Service") == 1)
        assert undecodable(seen.view) == [""]
        assert seen.counts.undecodable == 1
        server.store.apply(service("b"))
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"", "a", "b", "c"})
        assert seen.counts.events == {"ADDED": 2, "UNKNOWN": 1}
        assert len(server.seen("services", "watch")) == 1


async def test_a_half_open_watch_is_noticed_by_its_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No byte for longer than bookmarks take: on from the last version, without a list."""
    monkeypatch.setattr(feed_module, "IDLE_SECONDS", 0.3)
    fault = Fault(FaultKind.HALF_OPEN, verb="watch", after=1)
    async with (
        serving("a", faults=[fault], settings=Settings(pace=Pace(bookmarks=0.1))) as server,
        following(server) as seen,
    ):
        await until(lambda: server.store.watchers("Service") == 1)
        server.store.apply(service("b"))
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"a", "b", "c"})
        assert seen.counts.restarts["idle"] == 1
        assert seen.counts.lists == {"success": 1}


async def test_a_watch_that_outlives_its_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends bookmarks for ever and never ends the stream is left in time."""
    monkeypatch.setattr(feed_module, "GRACE_SECONDS", -299.5)
    pace = Pace(bookmarks=0.05)
    async with (
        serving("a", settings=Settings(pace=pace)) as server,
        following(server) as seen,
    ):
        monkeypatch.setattr("random.random", lambda: 0.0)
        await until(lambda: seen.counts.restarts["timeout"] >= 1)
        server.store.apply(service("b"))
        await until(lambda: seen.names == {"a", "b"})
        assert seen.counts.lists == {"success": 1}


async def test_compaction_while_the_server_is_away_leads_to_a_list() -> None:
    """Killed, compacted, changed and back: what is known stays until all is known again."""
    async with serving("a", "b") as server, following(server) as seen:
        await until(lambda: server.store.watchers("Service") == 1)
        server.store.apply(service("a", app="a"))
        await until(lambda: seen.counts.events["MODIFIED"] == 1)  # a watch that has lived
        await server.pause()
        await until(lambda: seen.status.error != "")
        assert "refuses the connection" in seen.status.error
        assert seen.names == {"a", "b"}
        server.store.delete("Service", "d", "a")
        server.store.apply(service("c"))
        server.store.compact()
        await server.resume()
        await until(lambda: seen.names == {"b", "c"})
        assert seen.counts.restarts["refused"] >= 1
        assert seen.counts.restarts["gone"] == 1
        await until(lambda: seen.status.error == "")


async def test_a_permission_that_goes_and_comes() -> None:
    """While a resource may not be read nothing is known of it; it recovers by itself."""
    denied = Deny("services")
    async with serving("a", denied=[denied]) as server, following(server) as seen:
        await until(lambda: seen.status.forbidden)
        assert (seen.status.synced, seen.view) == (False, None)
        assert "services is forbidden" in seen.status.error
        server.access.allow(denied)
        await until(lambda: seen.names == {"a"})
        await until(lambda: seen.status.error == "")
        assert seen.status.forbidden is False
        server.access.deny(denied)
        server.cut()
        await until(lambda: seen.status.forbidden)
        assert seen.view is None
        assert (seen.status.synced, seen.status.objects) == (False, 0)
        server.access.allow(denied)
        await until(lambda: seen.names == {"a"} and seen.status.synced)


async def test_a_resource_that_the_server_does_not_have_is_absent() -> None:
    """As without its CRD: not forbidden, and found when it comes."""
    settings = Settings(unserved=frozenset({"services"}))
    async with serving("a", settings=settings) as server, following(server) as seen:
        await until(lambda: seen.status.absent)
        assert (seen.status.synced, seen.status.forbidden) == (False, False)
        server.settings = Settings()
        await until(lambda: seen.names == {"a"})
        assert seen.status.absent is False


async def test_auto_polls_while_the_watch_is_denied() -> None:
    """Lists instead of a watch, and back when it is allowed."""
    denied = Deny("services", "watch")
    async with (
        serving("a", denied=[denied]) as server,
        following(server, mode=SyncMode.AUTO) as seen,
    ):
        await until(lambda: seen.status.mode == "poll" and seen.names == {"a"})
        server.store.apply(service("b"))
        await until(lambda: seen.names == {"a", "b"})
        assert seen.status.error == ""
        server.access.allow(denied)
        await until(lambda: seen.status.mode == "watch")
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"a", "b", "c"})
        assert seen.counts.events == {"ADDED": 1}


async def test_polling_never_watches() -> None:
    """`poll` needs no permission to watch and keeps no connection busy."""
    async with serving("a") as server, following(server, mode=SyncMode.POLL) as seen:
        await until(lambda: seen.names == {"a"})
        server.store.apply(service("b"))
        server.store.delete("Service", "d", "a")
        await until(lambda: seen.names == {"b"})
        assert server.seen("services", "watch") == []


async def test_a_rotated_token_is_read_again_at_once(tmp_path: Path) -> None:
    """401 drops the token in memory; the one in the file is good."""
    file = tmp_path / "token"
    file.write_text("first\n")
    async with serving("a", tokens=["first"]) as server:
        client = client_of(server.url, TokenFile(file))
        async with following(server, client=client) as seen:
            await until(lambda: server.store.watchers("Service") == 1)
            server.access.tokens = {"second"}
            file.write_text("second\n")
            server.store.apply(service("b"))
            await until(lambda: seen.names == {"a", "b"})  # a running watch goes on
            server.cut()
            await until(lambda: seen.counts.restarts["unauthorized"] == 1)
            server.store.apply(service("c"))
            await until(lambda: seen.names == {"a", "b", "c"})
            assert seen.counts.requests["watch", "401"] == 1
            assert seen.counts.lists == {"success": 1}


async def test_an_authority_that_is_not_ours_is_told_and_can_be_mended(tmp_path: Path) -> None:
    """The wrong authority is one clear line; the right one in the same file is taken up."""
    right, wrong = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    right.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.crt"
    wrong.cert_pem.write_to_path(file)
    async with serving("a", ssl_context=context) as server:
        client = client_of(server.url, tls=Tls(ca_file=str(file)))
        async with following(server, client=client) as seen:
            await until(lambda: seen.status.error != "")
            assert seen.status.error.startswith(f"the certificate of {server.url} is not trusted: ")
            assert "\n" not in seen.status.error
            file.unlink()
            right.cert_pem.write_to_path(file)
            await until(lambda: seen.names == {"a"})


async def test_a_streaming_list_is_the_same_list() -> None:
    """WatchList: all objects by one watch, which goes on."""
    async with serving("a", "b") as server, following(server, streaming=True) as seen:
        await until(lambda: seen.names == {"a", "b"})
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"a", "b", "c"})
        assert seen.views == [frozenset("ab")]
        assert server.seen("services", "list") == []
        assert len(server.seen("services", "watch")) == 1


@pytest.mark.parametrize(
    "settings,faults",
    [
        (Settings(watch_list=False), []),
        (Settings(), [Fault(FaultKind.RESET, verb="watch", after=1, times=2)]),
        (Settings(), [Fault(FaultKind.HALF_OPEN, verb="watch", after=1)]),
    ],
    ids=["unknown", "reset", "half-open"],
)
async def test_a_streaming_list_that_fails_becomes_an_ordinary_one(
    settings: Settings, faults: list[Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not know it, or breaks it, is listed as any other."""
    monkeypatch.setattr(feed_module, "STREAM_IDLE_SECONDS", 0.2)
    async with (
        serving("a", "b", settings=settings, faults=faults) as server,
        following(server, streaming=True) as seen,
    ):
        await until(lambda: seen.names == {"a", "b"})
        assert len(server.seen("services", "list")) == 1
        server.store.apply(service("c"))
        await until(lambda: seen.names == {"a", "b", "c"})


class _Gate:
    """Counts the lists that a server answers at the same time; `wait` stands before each."""

    def __init__(self, server: SimServer, wait: Callable[[], Awaitable[object]]) -> None:
        self.running = self.most = 0
        answer = server._list

        async def counted(*args: object) -> object:
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                await wait()
                return await answer(*args)  # type: ignore[arg-type]
            finally:
                self.running -= 1

        server._list = counted  # type: ignore[assignment,method-assign]


async def _list_three(server: SimServer, lists: Lists) -> None:
    """Three feeds until each has its list."""
    async with client_of(server.url) as client:
        feeds = [Following(Plan(name)) for name in ("services", "endpoints", "pods")]
        tasks = [
            asyncio.create_task(
                follow(
                    client,
                    Plan(feed.status.resource),
                    feed.deliver,
                    status=feed.status,
                    lists=lists,
                    telemetry=feed.counts,
                )
            )
            for feed in feeds
        ]
        await until(lambda: all(feed.status.synced for feed in feeds))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_lists_of_several_feeds_are_under_way_together() -> None:
    """None is answered before all three have been asked for."""
    async with serving("a") as server:
        gate = asyncio.Barrier(3)
        counted = _Gate(server, gate.wait)
        await _list_three(server, Lists())
        assert counted.most == 3


async def test_lists_take_turns_once_one_was_refused() -> None:
    """A server that answers 429 counts lists by their size: several at once would all be late."""
    async with serving("a") as server:
        lists = Lists()
        lists.refused()
        counted = _Gate(server, lambda: asyncio.sleep(0.02))
        await _list_three(server, lists)
        assert counted.most == 1


async def test_a_refused_list_is_told_to_the_others() -> None:
    """429 to one list makes all of them take turns from then on; it is asked for again."""
    refuse = Fault(FaultKind.TOO_MANY_REQUESTS, verb="list", resource="pods", retry_after=0)
    async with serving("a", faults=[refuse]) as server:
        lists = Lists()
        await _list_three(server, lists)
        counted = _Gate(server, lambda: asyncio.sleep(0.02))
        await _list_three(server, lists)
        assert counted.most == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.HALF_OPEN, verb="list"),
        Fault(FaultKind.SLOW, verb="list", delay=60),
        Fault(FaultKind.HALF_OPEN, verb="watch"),
        Fault(FaultKind.ERROR_500, times=0, retry_after=60),
    ],
    ids=["list", "slow", "watch", "rest"],
)
async def test_a_feed_ends_when_it_is_cancelled(fault: Fault) -> None:
    """Wherever it waits, stopping is a matter of moments."""
    async with serving("a", faults=[fault]) as server:
        async with following(server):
            await until(lambda: server.requests)
            await asyncio.sleep(0.05)
            begun = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - begun < 5
