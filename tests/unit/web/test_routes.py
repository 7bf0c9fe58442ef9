from __future__ import annotations

import pytest

from exporter.web import ROUTES
from tests.unit.web.sites import body, get, text

PATHS = ("/", "/metrics", "/healthz", "/livez", "/readyz", "/-/healthy", "/-/ready")


def test_all_pages_are_known() -> None:
    """These are the pages; tests below go over all of them."""
    assert tuple(ROUTES) == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_head_is_answered_like_get(path: str) -> None:
    """HEAD has the status and headers of GET."""
    got, head = get(path), get(path, method="HEAD")
    assert (head.status, head.headers, head.length) == (got.status, got.headers, got.length)
    assert got.status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused(path: str, method: str) -> None:
    """405 says which methods there are."""
    response = get(path, method=method)
    assert response.status == 405
    assert dict(response.headers)["Allow"] == "GET, HEAD"
    assert text(response) == "this page takes GET, HEAD only\n"


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "//", "", "/METRICS", "/%2e%2e"])
def test_other_paths_are_404(path: str) -> None:
    """An unknown path is one line of plain text, whatever the method."""
    for method in ("GET", "POST"):
        response = get(path, method=method)
        assert (response.status, text(response)) == (404, "no such page; / lists what is here\n")


@pytest.mark.parametrize("path", [*PATHS, "/nothing", "/metrics?family=x"])
def test_security_headers_are_everywhere(path: str) -> None:
    """No answer may be sniffed, framed, kept or leak where it was asked for."""
    headers = dict(get(path).headers)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_length_is_right_where_it_is_told(path: str) -> None:
    """A wrong length would cut the answer or leave the client waiting."""
    response = get(path)
    assert response.length in (None, len(body(response)))
