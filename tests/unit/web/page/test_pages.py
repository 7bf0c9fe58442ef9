from __future__ import annotations

from html.parser import HTMLParser

import pytest

from exporter.model import Reason, Standing, Transition
from exporter.web import Response
from tests.unit.web.sites import NOW, get, report, site, status, text

VOID = ("meta", "link", "input", "br")
EVIL = "<script>alert('1')</script>\"&\ud800"


class Page(HTMLParser):
    """A page taken apart: tags with their attributes, rows of tables, and all text."""

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
        if tag not in VOID:
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
    """A page, taken apart; each of its tags is closed."""
    shown = Page(text(response))
    assert shown.open == []
    return shown


def rows(shown: Page) -> list[list[str]]:
    """The rows of the table of Services."""
    return [row for row in shown.rows if len(row) == 6][1:]


DOWN = report(
    "a",
    "fresh",
    ready=0,
    not_ready=2,
    reason=Reason.CRASH_LOOP_BACK_OFF,
    detail="OOMKilled",
    since=NOW - 90,
)


def test_list_without_scripts() -> None:
    """Worst first, with reason, age and numbers."""
    shown = page(get("/", site([report("a", "fine"), DOWN, report("b", "dark", known=False)])))
    assert rows(shown) == [
        ["a/fresh", "down", "CrashLoopBackOff · OOMKilled", "90s", "0/2", "ClusterIP"],
        ["b/dark", "unknown", "its endpoints can't be read", "–", "unknown", "ClusterIP"],
        ["a/fine", "ready", "–", "–", "1/1", "ClusterIP"],
    ]


def test_filters_work_without_scripts() -> None:
    """The query of the address filters, and the form shows it."""
    shown = page(get("/?namespace=a&q=fi&sort=name", site([report("a", "fine"), DOWN])))
    assert [row[0] for row in rows(shown)] == ["a/fine"]
    assert "1 of 2 Services" in shown.text
    assert ("option", {"selected": None}) in shown.tags
    search = next(attrs for tag, attrs in shown.tags if attrs.get("name") == "q")
    assert search["value"] == "fi"


def test_pages_without_scripts() -> None:
    """After a hundred rows a link leads on, with the filters."""
    shown = site([report("a", f"s{number:03}") for number in range(150)])
    first = page(get("/?type=ClusterIP", shown))
    assert len(rows(first)) == 100
    (following,) = (attrs["href"] for _, attrs in first.tags if attrs.get("rel") == "next")
    assert following is not None
    assert following.startswith("?type=ClusterIP&page=")
    assert len(rows(page(get(f"/{following}", shown)))) == 50


def test_what_is_no_filter_is_passed_over() -> None:
    """A link with somebody's tracking parameter is no mistake of whoever follows it."""
    assert get("/?utm_source=mail", site()).status == 200


@pytest.mark.parametrize("query", ["state=nonsense", "limit=x", "page=nonsense"])
def test_bad_filters_are_told_on_the_page(query: str) -> None:
    """A 400 with the list as it is without them, and what is wrong."""
    response = get(f"/?{query}", site([report("a", "b")]))
    assert response.status == 400
    shown = page(response)
    assert query.partition("=")[0] in shown.text
    assert len(rows(shown)) == 1


def test_stale_data_is_told() -> None:
    """While the API server can't be read the page says how old it is; else it says nothing."""
    shown = page(get("/", site(resources=[status(error="connection refused")])))
    assert "The API server can’t be read." in shown.text
    assert "it is 5s old" in shown.text
    assert "connection refused" in shown.text
    assert "can’t be read" not in page(get("/", site())).text
    never = page(get("/", site(resources=[status(synced=False, error="no route")])))
    assert "nothing was read yet" in never.text


def test_resources_are_shown() -> None:
    """State, ages and the last error of every resource."""
    shown = page(
        get(
            "/",
            site(
                resources=[
                    status("services"),
                    status("pods", required=False, synced=False, forbidden=True),
                ]
            ),
        )
    )
    assert [row for row in shown.rows if len(row) == 3][1:] == [
        ["services", "synced, 2 objects", "watch; last sync 60m ago; last event 5s ago"],
        ["pods", "forbidden, optional", "watch"],
    ]


def test_nothing_comes_from_elsewhere() -> None:
    """Style and script are the page's own; nothing stands in the document itself."""
    response = get("/", site([DOWN]))
    policy = dict(response.headers)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    shown = page(response)
    for tag, attrs in shown.tags:
        assert tag != "style"
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "action"):
            assert not (attrs.get(name) or "").startswith(("http", "//", "javascript"))


def test_own_page_tells_what_is_known() -> None:
    """Verdict, what to do, evidence, and what became of it."""
    changes = (
        Transition(None, True, None, None, 2, 0, Standing.READY),
        Transition(NOW - 90, True, Reason.CRASH_LOOP_BACK_OFF, "OOMKilled", 0, 2, Standing.DOWN),
    )
    shown = page(get("/services/a/fresh", site([DOWN], transitions=changes)))
    for words in (
        "down CrashLoopBackOff · OOMKilled for at least 90s",
        "0 ready, 2 not ready",
        "at first",
    ):
        assert words in shown.text
    bars = [attrs["class"] for tag, attrs in shown.tags if tag == "rect"]
    assert bars == ["ready", "down"]
    assert "Nothing has changed" in page(get("/services/a/fresh", site([DOWN]))).text


def test_unknown_services_have_a_page_that_says_so() -> None:
    """404, with a way back."""
    response = get("/services/a/gone", site([DOWN]))
    assert response.status == 404
    assert "There is no such Service." in page(response).text


@pytest.mark.parametrize("where", ["name", "detail", "label", "annotation", "error", "version"])
@pytest.mark.parametrize("own", [True, False])
def test_every_value_is_escaped(where: str, own: bool) -> None:
    """Markup in a value is shown as text; what can't be encoded spoils nothing."""
    name = "<b>x" if where == "name" else "x"
    said = report(
        "a",
        name,
        ready=0,
        reason=Reason.NO_ENDPOINTS,
        detail=EVIL if where == "detail" else None,
        labels={"k": EVIL[:-1]} if where == "label" else {},
        annotations={"endpoints-exporter.io/owner": EVIL[:-1]} if where == "annotation" else {},
    )
    resources = [status(error=EVIL if where == "error" else "")]
    version = EVIL if where == "version" else "1"
    shown = page(
        get(f"/services/a/{name}" if own else "/", site([said], resources, version=version))
    )
    scripts = [attrs for tag, attrs in shown.tags if tag == "script"]
    assert len(scripts) == 1
    shows = {"name", "detail", "version", "error"} | ({"label", "annotation"} if own else set())
    if where in shows and not (where == "error" and not own):
        assert ("<b>x" if where == "name" else "<script>alert('1')</script>\"&") in shown.text


@pytest.mark.parametrize("since", [1e300, -1e300, float("inf"), float("nan")])
def test_impossible_times_are_shown_somehow(since: float) -> None:
    """A time that no calendar has is no error."""
    said = report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS, since=since)
    assert rows(page(get("/", site([said]))))[0][0] == "a/b"
    assert get("/services/a/b", site([said])).status == 200


def test_page_is_made_in_short_steps() -> None:
    """Thousands of Services are judged a few at a time, so that others get their turn."""
    response = get("/", site([report("a", f"s{number}") for number in range(1000)]))
    assert not isinstance(response.body, bytes)
    first, *pauses, last = response.body
    assert first
    assert last
    assert not any(pauses)
    assert len(pauses) > 100
