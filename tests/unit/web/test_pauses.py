from __future__ import annotations

import pytest

from exporter.web import Request, respond
from tests.unit.web.sites import report, site


@pytest.mark.parametrize(
    "path,least",
    [
        # A pause for each Service shown, and some for what there is to choose among.
        ("/", 100 + 2 * (2000 // 256)),
        # A pause for each namespace.
        ("/api/v1/namespaces", 1000),
        ("/api/v1/summary", 2000 // 256),
    ],
)
def test_what_looks_at_every_service_pauses_often(path: str, least: int) -> None:
    """Whoever sends it may let others in at each step: none is worth many milliseconds."""
    many = site([report(f"n{number % 1000:04}", f"s{number}") for number in range(2000)])
    body = respond(Request("GET", path), many).body
    assert not isinstance(body, bytes)
    assert sum(1 for _ in body) >= least
