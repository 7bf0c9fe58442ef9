"""No route holds the loop, whatever fits a request line, over ten thousand Services."""

from __future__ import annotations

import pytest

from exporter.model import Reason
from exporter.web import Request, Response, respond
from tests.integration.serving import serving
from tests.unit.web.sites import NOW, report, site

SERVICES = 10_000
#: What fits the request line, nearly.
ROOM = 7900


def fill(start: str, part: str, between: str = "&") -> str:
    """As many parts as fit."""
    count = (ROOM - len(start)) // (len(part) + len(between))
    return start + between.join([part] * count)


TERMS = ",".join(f"label{number}!=value" for number in range(20))
WORST = {
    "page": f"/?label={TERMS}",
    "list": f"/api/v1/services?label={TERMS}&limit=1000",
    "words": "/api/v1/services?q=" + "+".join("abcdefghijklmnopqrst"),
    "orders": f"/api/v1/services?sort=since&label={TERMS}",
    "too many": fill("/api/v1/services?", "label=" + ",".join(["!a"] * 160)),
    "commas": fill("/api/v1/services?label=", "!a", ","),
    "names": fill("/metrics?namespace=", "n0001", ","),
    "families": fill("/metrics?", "family=k8s_service_info"),
    "no family": "/metrics?family=" + "k8s_service_" * 600,
    "unknown": fill("/api/v1/services?", "limits=1"),
    "states": fill("/api/v1/services?state=", "down", ","),
    "tokens": "/api/v1/services?page=" + "W" * 400,
    "summary": "/api/v1/summary",
    "namespaces": "/api/v1/namespaces",
    "one": "/api/v1/services/n0001/s1",
    "page of one": "/services/n0001/s1",
    "long path": "/api/v1/services/" + "a" * 3000 + "/" + "b" * 3000,
    "no path": "/" + "a/" * 3900,
    "scrape": "/metrics",
    "ready": "/readyz?verbose",
}


@pytest.fixture(scope="module")
def shown() -> object:
    """A site with many Services, some of which are down."""
    return site(
        [
            report(
                f"n{number % 500:04}",
                f"s{number}",
                ready=number % 3,
                reason=None if number % 3 else Reason.CRASH_LOOP_BACK_OFF,
                since=NOW - number,
                labels={"app": f"a{number % 50}", "tier": "web"},
            )
            for number in range(SERVICES)
        ]
    )


@pytest.mark.parametrize("path", WORST.values(), ids=list(WORST))
async def test_the_worst_that_fits_a_request_line(path: str, shown: object) -> None:
    """It is answered, and the guard of all integration tests sees no long hold."""

    def answer(request: Request) -> Response:
        return respond(request, shown)  # type: ignore[arg-type]  # the fixture makes a site

    assert len(path) <= 8100
    async with serving(answer) as run:
        answers = [(await run.ask(path)).status for _ in range(2)]
        assert set(answers) <= {200, 400, 404}
