"""One reading, as `get` and `scrape` do it: all of it, or soon a clear error."""

from __future__ import annotations

import socket

import pytest

from exporter.api import (
    AbsentError,
    AnswerError,
    BrokenError,
    CredentialsError,
    ForbiddenError,
    RefusedError,
    UnauthorizedError,
    UnreadableError,
)
from exporter.api.tokens import TokenFile
from exporter.engine.feed import list_once
from exporter.reflector import Plan, backoff
from exporter.sim.access import Deny
from exporter.sim.faults import Fault, FaultKind
from exporter.sim.server import Settings
from tests.integration.feeding import client_of, serving

SERVICES = Plan("services", limit=1)


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in test_feed.py."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)


async def test_it_reads_all_pages_and_no_more() -> None:
    """All objects, by lists alone."""
    async with (
        serving("a", "b", "c", settings=Settings(limit_at_zero=True)) as server,
        client_of(server.url) as client,
    ):
        found = await list_once(client, SERVICES)
        assert [one.name for one in found] == ["a", "b", "c"]
        assert len(server.seen("services", "list")) == 3
        assert server.seen("services", "watch") == []


@pytest.mark.parametrize("kind", [FaultKind.GONE, FaultKind.EXPIRED_CONTINUE])
async def test_expiry_on_the_way_is_got_over(kind: FaultKind) -> None:
    """What the protocol mends by itself is nobody's trouble."""
    settings = Settings(limit_at_zero=True)
    async with (
        serving("a", "b", settings=settings, faults=[Fault(kind, verb="list")]) as server,
        client_of(server.url) as client,
    ):
        assert len(await list_once(client, SERVICES)) == 2


async def test_a_busy_server_is_waited_for() -> None:
    """429 is a request for patience."""
    fault = Fault(FaultKind.TOO_MANY_REQUESTS, times=2, retry_after=0)
    async with serving("a", faults=[fault]) as server, client_of(server.url) as client:
        assert len(await list_once(client, SERVICES)) == 1


async def test_patience_ends() -> None:
    """Nobody waits for ever in front of a terminal."""
    fault = Fault(FaultKind.TOO_MANY_REQUESTS, times=0, retry_after=5)
    async with serving("a", faults=[fault]) as server, client_of(server.url) as client:
        with pytest.raises(AnswerError) as caught:
            await list_once(client, SERVICES, patience=1.0)
        assert caught.value.code == 429
        assert str(caught.value) == (
            "the API server answers 429 Too Many Requests:"
            " Too many requests, please try again later."
        )


async def test_a_denied_resource_is_told_apart() -> None:
    """Others may do without Pods; who may do without what is not decided here."""
    async with (
        serving("a", denied=[Deny("services")]) as server,
        client_of(server.url) as client,
    ):
        with pytest.raises(ForbiddenError, match="services is forbidden: User"):
            await list_once(client, SERVICES)


async def test_an_absent_resource_is_told_apart() -> None:
    """Gateway routes without their CRDs are no error."""
    settings = Settings(unserved=frozenset({"services"}))
    async with serving(settings=settings) as server, client_of(server.url) as client:
        with pytest.raises(AbsentError):
            await list_once(client, SERVICES)


async def test_credentials_that_are_not_accepted_are_told() -> None:
    """401 is tried once more, with a token that was read anew, and then told."""
    async with serving("a", tokens=["good"]) as server, client_of(server.url) as client:
        with pytest.raises(UnauthorizedError):
            await list_once(client, SERVICES)
        assert len(server.seen("", "")) == 2


async def test_a_token_file_that_is_not_there_is_told(tmp_path: object) -> None:
    """Nothing is asked without the token."""
    missing = TokenFile(tmp_path / "token")  # type: ignore[operator]
    async with serving("a") as server, client_of(server.url, missing) as client:
        with pytest.raises(CredentialsError, match="can't be read: No such file or directory"):
            await list_once(client, SERVICES)
        assert list(server.requests) == []


async def test_a_server_that_is_not_there_is_told() -> None:
    """One line that names the server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with client_of(url) as client:
            with pytest.raises(RefusedError) as caught:
                await list_once(client, SERVICES)
            assert str(caught.value) == f"{url} refuses the connection: nobody listens there"


@pytest.mark.parametrize(
    "fault,expected",
    [
        (Fault(FaultKind.GARBAGE), UnreadableError),
        (Fault(FaultKind.RESET, times=0), BrokenError),
        (Fault(FaultKind.PROXY_ERROR), AnswerError),
    ],
    ids=lambda value: getattr(getattr(value, "kind", None), "value", None),
)
async def test_other_failures_are_told_at_once(fault: Fault, expected: type[Exception]) -> None:
    """A person waits for it: no retry, one line."""
    async with serving("a", faults=[fault]) as server, client_of(server.url) as client:
        with pytest.raises(expected) as caught:
            await list_once(client, SERVICES)
        assert "\n" not in str(caught.value)
