from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import exporter.web
from exporter.web import PAGE_ROUTES, ROUTES, Place
from tests.unit.web.sites import body, get, report, site, text

LINES = ("/", "/metrics", "/healthz", "/livez", "/readyz", "/-/healthy", "/-/ready", "/sd/http")
API = (
    "/api/v1/services",
    "/api/v1/summary",
    "/api/v1/routes",
    "/routes",
    "/api/v1/namespaces",
    "/api/v1/events",
    "/api/v1/openapi.json",
)
#: Asked of Services that it has to name: without any it is a 400.
READY = "/api/v1/ready"
PATHS = (*LINES, *API, "/ui/app.js")


_WEB = Path(exporter.web.__file__).parent


def test_all_pages_are_known() -> None:
    """These are the pages; tests below go over all of them."""
    assert tuple(ROUTES) == LINES
    assert tuple(PAGE_ROUTES) == ("/", API[0], READY, *API[1:])


def test_late_pages_are_loaded_at_once() -> None:
    """After one call, in a process that was asked for no page, no page has anything to import."""
    code = (
        "import sys, exporter.web as web\n"
        "before = 'exporter.web.page.parts' in sys.modules\n"
        "web.load_pages()\n"
        "print(before, *sorted(name for name in sys.modules if name.startswith('exporter.web.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, *loaded = done.stdout.split()
    assert before == "False"
    there = {
        f"exporter.{'.'.join(path.with_suffix('').parts)}".removesuffix(".__init__")
        for path in (Path("web") / each.relative_to(_WEB) for each in _WEB.rglob("*.py"))
    }
    assert {"exporter.web", *loaded} == there


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
    assert "this page takes GET, HEAD only" in text(response)


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
    # What has an entity tag may be kept, but is asked for again.
    assert headers["Cache-Control"] in ("no-store", "private, no-cache")


@pytest.mark.parametrize("path", PATHS)
def test_length_is_right_where_it_is_told(path: str) -> None:
    """A wrong length would cut the answer or leave the client waiting."""
    response = get(path)
    assert response.length in (None, len(body(response)))


@pytest.mark.parametrize(
    "path",
    [
        "/services/a",
        "/services/a/",
        "/services//b",
        "/services/a/b/c",
        "/ui/",
        "/ui/../app.js",
        "/ui/%2e%2e/settings.py",
        "/ui/..%2f..%2fetc%2fpasswd",
        "/services/../metrics/x",
    ],
)
def test_path_tricks_are_404(path: str) -> None:
    """Only whole paths that are known are answered; a name is no way out of its folder."""
    assert get(path, site([report("a", "b")])).status == 404


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v2/services", "/api/v1/services/a"])
def test_unknown_paths_of_the_api_are_problems(path: str) -> None:
    """Under /api a 404 is a document that programs can read."""
    response = get(path)
    assert response.status == 404
    assert dict(response.headers)["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", [*API, "/ui/app.js", "/services/a/b", "/api/v1/services/a/b"])
def test_page_can_be_disabled(path: str) -> None:
    """Then only metrics and health checks are there, and / lists them."""
    shown = site([report("a", "b")], place=Place(page=False))
    assert get(path, shown).status == 404
    assert text(get("/", shown)) == (
        "kube-endpoints-exporter 1.2.3\n/metrics\n/readyz?verbose\n/livez\n"
    )
    assert get("/metrics", shown).status == 200


@pytest.mark.parametrize("path", [*PATHS, "/services/a/b"])
def test_prefix_stands_before_every_path(path: str) -> None:
    """With a route prefix each page is under it and nowhere else."""
    shown = site([report("a", "b")], place=Place(prefix="/team/endpoints"))
    assert get(f"/team/endpoints{path}", shown).status == 200
    assert get(path, shown).status in (302, 404)
    assert get(f"/team/endpointsx{path}", shown).status == 404


@pytest.mark.parametrize("path", ["/", "/endpoints"])
def test_prefix_is_found_from_where_people_begin(path: str) -> None:
    """The bare address and the prefix without its slash lead to the page."""
    response = get(path, site(place=Place(prefix="/endpoints")))
    assert response.status == 302
    assert dict(response.headers)["Location"] == "/endpoints/"


def test_no_control_character_gets_into_a_page() -> None:
    """Names and texts come from a cluster; a document shows that there was something."""
    hostile = report("a\x1b[31m", "b\x00\x9bc\x7f", labels={"app": "\x08"})
    for path in ("/", "/services/a%1b/b", "/?q=%1b\x07"):
        said = text(get(path, site([hostile])))
        assert [letter for letter in said if letter in "\x00\x07\x08\x1b\x7f\x9b"] == []
