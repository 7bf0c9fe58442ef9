from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest

from exporter.model import Reason
from exporter.web import Response
from tests.unit.web.sites import NOW, get, report, site, status, text


class Page(HTMLParser):
    """A page taken apart: tags with their attributes, texts, and whether all tags close."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag; begin a row or a cell."""
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text, and give it to its cell."""
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def page(response: Response) -> Page:
    """The landing page, taken apart."""
    return Page(text(response))


def services(shown: Page) -> list[list[str]]:
    """The rows of the table of Services."""
    return [row for row in shown.rows if len(row) == 5][1:]


def test_it_is_a_whole_document() -> None:
    """Every tag is closed, the document has a language, a title and a width for phones."""
    shown = page(get("/", site([report("a", "b", reason=Reason.NO_ENDPOINTS)])))
    assert shown.open == []
    tags = dict(shown.tags)
    assert tags["html"] == {"lang": "en"}
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in (
        shown.tags
    )


def test_it_links_only_to_itself() -> None:
    """Nothing is loaded from elsewhere, no script runs, and every link is a page that is there."""
    shown = page(get("/"))
    assert {tag for tag, _ in shown.tags} & {"script", "img", "iframe", "object", "form"} == set()
    links = [attrs["href"] for tag, attrs in shown.tags if tag == "a"]
    assert links == ["/metrics", "/readyz?verbose", "/livez"]
    assert all(get(link or "").status == 200 for link in links)
    assert not [attrs for _, attrs in shown.tags if "style" in attrs or "src" in attrs]


def test_policy_allows_the_style_and_nothing_else() -> None:
    """The hash in the Content-Security-Policy is that of the style in the page."""
    response = get("/")
    (style,) = re.findall(r"<style>(.*?)</style>", text(response), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert dict(response.headers)["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def test_it_tells_version_and_readiness() -> None:
    """The head says which version this is and whether it can be trusted yet."""
    assert "Version 1.2.3 · ready" in page(get("/")).text
    waiting = site(resources=[status(synced=False)], version="9")
    assert "Version 9 · not ready yet" in page(get("/", waiting)).text


def test_it_counts_services_and_addresses() -> None:
    """Numbers of Services by standing, of namespaces and of addresses."""
    shown = page(
        get(
            "/",
            site(
                [
                    report("a", "fine", ready=3, not_ready=1),
                    report("a", "also", ready=2),
                    report("b", "down", ready=0, not_ready=2, reason=Reason.CRASH_LOOP_BACK_OFF),
                    report("c", "meant", ready=0, reason=Reason.SCALED_TO_ZERO),
                    report("c", "dark", ready=9, known=False),
                ]
            ),
        )
    ).text
    for words in (
        "5 Services in 3 namespaces",
        "2 ready: as they should be",
        "1 down: no ready endpoint",
        "1 intended: empty on purpose",
        "1 unknown: can't be told",
        "0 degraded: fewer than wanted",
        "5/8 addresses ready",
    ):
        assert words in shown


def test_worst_services_first() -> None:
    """Down before unknown before degraded; what broke last before what broke long ago."""
    rows = services(
        page(
            get(
                "/",
                site(
                    [
                        report("a", "thin", ready=0),
                        report("a", "old", ready=0, reason=Reason.NO_ENDPOINTS, since=NOW - 86400),
                        report("a", "dark", ready=0, known=False),
                        report("a", "never", ready=0, reason=Reason.NO_ENDPOINTS),
                        report(
                            "a",
                            "fresh",
                            ready=0,
                            not_ready=2,
                            reason=Reason.CRASH_LOOP_BACK_OFF,
                            detail="OOMKilled",
                            since=NOW - 90,
                        ),
                        report("a", "fine"),
                        report("a", "meant", ready=0, reason=Reason.SCALED_TO_ZERO, since=NOW),
                    ]
                ),
            )
        )
    )
    assert rows == [
        ["a/fresh", "down", "CrashLoopBackOff · OOMKilled", "90s", "0/2"],
        ["a/old", "down", "NoEndpoints", "24h", "0/0"],
        ["a/never", "down", "NoEndpoints", "–", "0/0"],
        ["a/dark", "unknown", "its endpoints can't be read", "–", "unknown"],
        ["a/thin", "degraded", "below min-ready 1", "–", "0/0"],
    ]


def test_long_lists_are_cut() -> None:
    """Of many bad Services the worst are shown, and it says how many there are besides."""
    many = [
        report("a", f"s{number:03}", ready=0, reason=Reason.NO_ENDPOINTS, since=NOW - number)
        for number in range(700)
    ]
    shown = page(get("/", site(reversed(many))))
    assert [row[0] for row in services(shown)] == [f"a/s{number:03}" for number in range(25)]
    assert "675 more: kube-endpoints-exporter get -A" in shown.text


def test_all_well_is_said() -> None:
    """A page without bad Services says so instead of showing an empty table."""
    shown = page(get("/", site([report("a", "b")])))
    assert "None needs attention." in shown.text
    assert services(shown) == []


def test_it_shows_each_resource() -> None:
    """State, ages and the last error of every resource."""
    shown = page(
        get(
            "/",
            site(
                resources=[
                    status("services"),
                    status("endpointslices", synced=False, error="connection refused"),
                    status("pods", required=False, synced=False, forbidden=True),
                ]
            ),
        )
    )
    assert [row for row in shown.rows if len(row) == 3][1:] == [
        ["services", "synced, 2 objects", "watch; last sync 60m ago; last event 5s ago"],
        ["endpointslices", "not synced yet", "watch; connection refused"],
        ["pods", "forbidden, optional", "watch"],
    ]
    assert "Nothing is read yet." in page(get("/", site(resources=[]))).text


EVIL = "<script>alert('1')</script>\"&\ud800"


@pytest.mark.parametrize("where", ["name", "detail", "error", "version"])
def test_every_value_is_escaped(where: str) -> None:
    """Markup in a value is shown as text; what can't be encoded spoils nothing."""
    said = report(
        "a",
        "<b>x" if where == "name" else "x",
        ready=0,
        reason=Reason.NO_ENDPOINTS,
        detail=EVIL if where == "detail" else None,
    )
    resources = [status(error=EVIL if where == "error" else "")]
    shown = page(get("/", site([said], resources, version=EVIL if where == "version" else "1")))
    assert "script" not in {tag for tag, _ in shown.tags}
    assert shown.open == []
    assert ("<b>x" if where == "name" else "<script>alert('1')</script>\"&?") in shown.text


@pytest.mark.parametrize("since", [1e300, -1e300, float("inf"), float("nan")])
def test_impossible_times_are_shown_somehow(since: float) -> None:
    """A time that no calendar has is no error."""
    said = report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS, since=since)
    (row,) = services(page(get("/", site([said]))))
    assert row[0] == "a/b"


def test_page_is_made_in_short_steps() -> None:
    """Thousands of Services are judged a few at a time, so that others get their turn."""
    shown = site([report("a", f"s{number}") for number in range(1000)])
    response = get("/", shown)
    assert not isinstance(response.body, bytes)
    assert [bool(piece) for piece in response.body] == [False, False, False, False, True]


def test_services_may_come_and_go_between_steps() -> None:
    """The page shows what there was when it was asked for."""
    said = report("a", "b")
    known = {said.key: said}
    shown = site()
    snapshot = shown.snapshot()
    shown = msgspec.structs.replace(
        shown, snapshot=lambda: msgspec.structs.replace(snapshot, reports=known)
    )
    response = get("/", shown)
    assert not isinstance(response.body, bytes)
    next(response.body)
    known.clear()
    assert "1 Service in 1 namespace" in Page(b"".join(response.body).decode()).text
