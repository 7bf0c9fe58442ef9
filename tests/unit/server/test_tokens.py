from __future__ import annotations

import base64
import json

import pytest

from exporter.server.auth import Asked
from exporter.server.tokens import Tokens, find_expiry


class AwayError(Exception):
    """The API server can't be asked."""


class Cluster:
    """Stands for the API server: what each token may get; None for a token of nobody."""

    def __init__(self, **may: tuple[str, ...]) -> None:
        self.may = may
        self.away = False
        self.asked: list[tuple[str, str, str]] = []

    async def judge(self, token: str, verb: str, path: str) -> bool | None:
        """As the API server would."""
        self.asked.append((token, verb, path))
        if self.away:
            raise AwayError
        return f"{verb} {path}" in self.may[token] if token in self.may else None


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def gate(cluster: Cluster, clock: Clock | None = None) -> Tokens:
    """A gate before this cluster."""
    return Tokens(cluster, (AwayError,), clock or Clock())


async def status(
    tokens: Tokens, authorization: str, path: str = "/metrics", by: str = "GET"
) -> int:
    """What a request is answered with; 200 when it is not refused."""
    refused = await tokens.refuse(Asked(by, path, authorization, "192.0.2.1"))
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    "authorization,expected",
    [
        ("Bearer prom", 200),
        ("bEaReR  prom", 200),
        ("Bearer other", 403),
        ("Bearer nobody", 401),
        ("Bearer ", 401),
        ("Bearer é", 401),
        ("Basic cHJvbTpw", 401),
        ("", 401),
    ],
)
async def test_a_token_needs_an_account_that_may(authorization: str, expected: int) -> None:
    """Known and allowed: 200; known: 403; anything else: 401."""
    cluster = Cluster(prom=("get /metrics",), other=("get /livez",))
    assert await status(gate(cluster), authorization) == expected


async def test_verb_and_path_are_those_of_the_request() -> None:
    """HEAD asks what GET asks; another method, and another path, are questions of their own."""
    cluster = Cluster(prom=("get /metrics",))
    tokens = gate(cluster)
    answers = [
        await status(tokens, "Bearer prom", path, by)
        for path, by in (("/metrics", "HEAD"), ("/metrics", "POST"), ("/services/a/b", "GET"))
    ]
    assert answers == [200, 403, 403]
    assert [asked[1:] for asked in cluster.asked] == [
        ("get", "/metrics"),
        ("post", "/metrics"),
        ("get", "/services/a/b"),
    ]


@pytest.mark.parametrize(
    "path", ["/api/v1/services", "/api", "//api/v1/events", "/apis/x", "/version"]
)
async def test_the_api_asks_for_the_right_to_the_page(path: str) -> None:
    """Every account of a cluster may get /api/* by its roles: that must not open ours."""
    cluster = Cluster(any=(f"get {path}",), page=("get /",))
    tokens = gate(cluster)
    assert await status(tokens, "Bearer any", path) == 403
    assert await status(tokens, "Bearer page", path) == 200


async def test_a_yes_is_kept_for_a_minute_and_a_no_for_ten_seconds() -> None:
    """Scrapes don't ask each time; what was granted or taken away shows soon."""
    cluster, clock = Cluster(prom=("get /metrics",)), Clock()
    tokens = gate(cluster, clock)
    seen = []
    for now in (0, 59, 61):
        clock.now = 1000.0 + now
        seen.append((await status(tokens, "Bearer prom"), len(cluster.asked)))
    assert seen == [(200, 1), (200, 1), (200, 2)]
    cluster.may["late"] = ()
    assert await status(tokens, "Bearer late") == 403
    cluster.may["late"] = ("get /metrics",)
    assert await status(tokens, "Bearer late") == 403
    clock.now += 10.0
    assert await status(tokens, "Bearer late") == 200


async def test_a_yes_does_not_outlive_the_token() -> None:
    """A token that says when it expires is asked about again from then on."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1005}).encode()).decode().rstrip("=")
    token = f"a.{claims}.c"
    cluster, clock = Cluster(**{token: ("get /metrics",)}), Clock()
    tokens = gate(cluster, clock)
    assert await status(tokens, f"Bearer {token}") == 200
    del cluster.may[token]
    clock.now = 1004.0
    assert await status(tokens, f"Bearer {token}") == 200
    clock.now = 1005.0
    assert await status(tokens, f"Bearer {token}") == 401


async def test_while_nobody_can_say_nobody_new_is_let_in() -> None:
    """The API server is away: 503, told of once; who was let in is, as long as a yes is kept."""
    cluster, clock = Cluster(prom=("get /metrics",)), Clock()
    tokens = gate(cluster, clock)
    assert await status(tokens, "Bearer prom") == 200
    cluster.away = True
    assert await status(tokens, "Bearer prom") == 200
    refused = await tokens.refuse(Asked("GET", "/", "Bearer prom", "192.0.2.1"))
    assert refused is not None
    assert (refused.status, dict(refused.headers)["Retry-After"]) == (503, "5")
    clock.now += 61.0
    assert await status(tokens, "Bearer prom") == 503
    cluster.away = False
    assert await status(tokens, "Bearer prom") == 200


async def test_guesses_do_not_push_out_what_is_right() -> None:
    """What is kept is bounded; refused tokens have a memory of their own, and none is kept."""
    cluster = Cluster(prom=("get /metrics",))
    tokens = gate(cluster)
    assert await status(tokens, "Bearer prom") == 200
    for number in range(1100):
        assert await status(tokens, f"Bearer guess{number}") == 401
    asked = len(cluster.asked)
    assert await status(tokens, "Bearer prom") == 200
    assert len(cluster.asked) == asked
    assert len(tokens._refused) == 1024
    assert "guess" not in str(tokens._refused)


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.e30.c", "a.bnVsbA.c", "a.W10.c", "a.!.c"])
def test_a_token_that_does_not_say_when_it_expires(token: str) -> None:
    """Opaque and broken ones last as long as any yes."""
    assert find_expiry(token) == float("inf")
