from __future__ import annotations

import pytest

from tests.unit.web.sites import get, site, status, text

ALIVE = ("/healthz", "/livez", "/-/healthy")
READY = ("/readyz", "/-/ready")


@pytest.mark.parametrize("path", ALIVE)
def test_alive_is_not_tied_to_the_cluster(path: str) -> None:
    """The process lives while nothing can be read: a restart would not mend that."""
    shown = site(resources=[status(synced=False, error="connection refused")])
    response = get(path, shown)
    assert (response.status, text(response)) == (200, "ok\n")


@pytest.mark.parametrize("path", READY)
def test_ready_once_everything_was_read(path: str) -> None:
    """All that may be read was read: 200, and each resource is named."""
    shown = site(
        resources=[
            status("services"),
            status("pods", required=False, synced=False, forbidden=True),
        ]
    )
    response = get(path, shown)
    assert (response.status, text(response)) == (
        200,
        "ready\nservices: synced, 2 objects\npods: forbidden, optional\n",
    )


@pytest.mark.parametrize("path", READY)
@pytest.mark.parametrize(
    "resource,line",
    [
        (status("services", synced=False), "services: not synced yet"),
        (
            status("services", synced=False, forbidden=True),
            "services: forbidden, required",
        ),
        (status("pods", required=False, synced=False), "pods: not synced yet"),
    ],
)
def test_not_ready_while_something_is_missing(path: str, resource: object, line: str) -> None:
    """One resource that is not read, or required and refused, is a 503 that names it."""
    shown = site(resources=[status("nodes", required=False), resource])  # type: ignore[list-item]
    response = get(path, shown)
    assert response.status == 503
    assert text(response) == f"not ready\nnodes: synced, 2 objects\n{line}\n"


def test_not_ready_before_anything_is_followed() -> None:
    """Nothing to read yet is not the same as everything read."""
    response = get("/readyz", site(resources=[]))
    assert (response.status, text(response)) == (503, "not ready\n")


@pytest.mark.parametrize("query", ["verbose", "verbose=1", "verbose="])
def test_verbose_tells_how_and_since_when(query: str) -> None:
    """`?verbose` adds mode, ages and the last error."""
    shown = site(
        resources=[status("services", error="watch refused"), status("nodes", synced=False)]
    )
    assert text(get(f"/readyz?{query}", shown)) == (
        "not ready\n"
        "services: synced, 2 objects; watch; last sync 60m ago; last event 5s ago; watch refused\n"
        "nodes: not synced yet; watch\n"
    )
