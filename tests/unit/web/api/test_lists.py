from __future__ import annotations

import gzip
import json

import msgspec
import pytest

from exporter.model import Reason, ServiceKey
from exporter.web import Response
from tests.unit.web.sites import NOW, NoStreams, body, get, report, site, status, text

MANY = [report("a", f"s{number:04}") for number in range(1200)]


def header(response: Response, name: str) -> str:
    """A header of a response, "" when it is not there."""
    return dict(response.headers).get(name, "")


def test_item_holds_what_the_page_shows() -> None:
    """The keys of an item, and null for what can't be known."""
    said = report(
        "a",
        "b",
        ready=0,
        not_ready=2,
        reason=Reason.CRASH_LOOP_BACK_OFF,
        detail="OOMKilled",
        since=NOW,
        labels={"app": "web"},
    )
    dark = report("c", "d", known=False)
    first, second = json.loads(text(get("/api/v1/services", site([said, dark]))))["items"]
    assert first == {
        "namespace": "a",
        "service": "b",
        "type": "ClusterIP",
        "state": "down",
        "reason": "CrashLoopBackOff",
        "detail": "OOMKilled",
        "since": "2023-11-14T22:13:20Z",
        "ready": 0,
        "not_ready": 2,
        "min_ready": 1,
        "severity": "",
        "notes": [],
        "labels": {"app": "web"},
        "standing": "down",
        "since_seen": False,
        "findings": [],
        "urgency": [0, 1],
        "remark": "",
    }
    assert (second["ready"], second["not_ready"], second["since"]) == (None, None, None)
    assert second["notes"] == ["its endpoints can't be read"]


def test_tag_stays_until_something_changes() -> None:
    """If-None-Match saves the answer as long as it would be the same, and no longer."""
    shown = site([report("a", "b")])
    first = get("/api/v1/services", shown)
    tag = header(first, "ETag")
    assert tag.startswith('W/"instance-')
    again = get("/api/v1/services", shown, if_none_match=f'"other", {tag}')
    assert (again.status, body(again)) == (304, b"")
    assert header(again, "ETag") == tag
    changed = report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS)
    snapshot = shown.snapshot()
    known = {changed.key: changed}
    later = msgspec.structs.replace(
        shown, snapshot=lambda: msgspec.structs.replace(snapshot, reports=known)
    )
    shown.desk.tell(known)
    assert get("/api/v1/services", later, if_none_match=tag).status == 200


def test_tag_is_that_of_the_query() -> None:
    """Another query is another document."""
    shown = site([report("a", "b")])
    tags = {
        header(get(f"/api/v1/services?{query}", shown), "ETag")
        for query in ("", "limit=1", "state=down", "namespace=a", "sort=name")
    }
    assert len(tags) == 5


@pytest.mark.parametrize("count", [60, 1200])
def test_gzip_is_given_to_those_who_take_it(count: int) -> None:
    """The same document, packed or not, made at once or in steps."""
    plain = get("/api/v1/services?limit=1000", site(MANY[:count]))
    packed = get("/api/v1/services?limit=1000", site(MANY[:count]), accept_encoding="gzip")
    assert header(plain, "Content-Encoding") == ""
    assert header(packed, "Content-Encoding") == "gzip"
    assert header(packed, "Vary") == "Accept-Encoding"
    unpacked = gzip.decompress(body(packed))
    assert unpacked == body(plain)
    assert len(json.loads(unpacked)["items"]) == min(count, 1000)


def test_first_list_of_many_is_made_in_steps() -> None:
    """Whoever asks first has thousands of rows made, a few at a time; the next has them there."""
    shown = site(MANY)
    first = get("/api/v1/services", shown)
    assert not isinstance(first.body, bytes)
    pieces = list(first.body)
    assert pieces[:4] == [b""] * 4
    assert json.loads(b"".join(pieces))["total"] == 1200
    second = get("/api/v1/services", shown)
    assert isinstance(second.body, bytes)
    assert header(second, "ETag")


def test_rows_are_let_go_when_nobody_looks() -> None:
    """What is kept for readers goes when there are none, and comes back with the next."""
    shown = site(MANY[:10])
    get("/api/v1/services", shown)
    assert len(shown.desk) == 10
    assert not shown.desk.rest(NOW + 59, 60)
    assert shown.desk.rest(NOW + 60, 60)
    assert len(shown.desk) == 0
    assert json.loads(text(get("/api/v1/services", shown)))["total"] == 10


def test_summary_counts_everything() -> None:
    """Numbers by state, reason and type, and how reading goes."""
    shown = site(
        [
            report("a", "fine", ready=3, not_ready=1),
            report("a", "down", ready=0, reason=Reason.IMAGE_PULL),
            report("b", "zero", ready=0, reason=Reason.SCALED_TO_ZERO, kind="NodePort"),
            report("b", "dark", known=False),
        ],
        [status(error="connection refused"), status("pods", required=False)],
    )
    said = json.loads(text(get("/api/v1/summary", shown)))
    assert said["version"] == "1.2.3"
    assert (said["services"], said["namespaces"]) == (4, 2)
    assert (said["ready"], said["not_ready"]) == (3, 1)
    assert said["states"] == {
        "down": 1,
        "unknown": 1,
        "degraded": 0,
        "new": 0,
        "ready": 1,
        "intended": 1,
    }
    assert said["reasons"] == {"ImagePull": 1, "ScaledToZero": 1}
    assert said["types"] == {"ClusterIP": 3, "NodePort": 1}
    assert said["status"]["stale"] is True
    assert said["status"]["now"] == "2023-11-14T22:13:20Z"
    assert said["status"]["as_of"] == "2023-11-14T22:13:15Z"
    assert [one["error"] for one in said["status"]["resources"]] == ["connection refused", ""]


def test_namespaces_are_listed_by_name() -> None:
    """Each namespace with its own numbers."""
    shown = site(
        [
            report("b", "x", ready=2),
            report("a", "y", ready=0, reason=Reason.NO_ENDPOINTS),
            report("a", "z", ready=1, not_ready=1),
        ]
    )
    first, second = json.loads(text(get("/api/v1/namespaces", shown)))["items"]
    assert (first["namespace"], first["services"]) == ("a", 2)
    assert (first["ready"], first["not_ready"]) == (1, 1)
    assert (first["states"]["down"], first["states"]["ready"]) == (1, 1)
    assert (second["namespace"], second["services"], second["ready"]) == ("b", 1, 2)


@pytest.mark.parametrize("path", ["summary", "namespaces", "events", "services/a/b"])
def test_parameters_that_do_nothing_are_refused(path: str) -> None:
    """A filter that would be passed over in silence is a mistake that nobody finds."""
    response = get(f"/api/v1/{path}?namespace=a", site([report("a", "b")]))
    assert response.status == 400
    assert json.loads(text(response))["parameter"] == "namespace"


def test_services_may_go_between_two_steps() -> None:
    """A Service that goes while rows are made is in no list."""
    shown = site(MANY)
    known = {said.key: said for said in MANY}
    snapshot = msgspec.structs.replace(shown.snapshot(), reports=known)
    shown = msgspec.structs.replace(shown, snapshot=lambda: snapshot)
    response = get("/api/v1/services", shown)
    assert not isinstance(response.body, bytes)
    steps = iter(response.body)
    next(steps)
    gone = ServiceKey("a", "s1199")
    del known[gone]
    shown.desk.tell([gone])
    assert json.loads(b"".join(steps))["total"] == 1199


def test_text_that_has_no_encoding_spoils_no_document() -> None:
    """A lone surrogate becomes its escape; the rest of the list is as it was."""
    said = report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS, detail="\ud800")
    assert '"detail":"\\ud800"' in text(get("/api/v1/services", site([said])))


def test_too_many_streams_are_refused() -> None:
    """A 503 with when to come again, while all that may be open are."""
    response = get("/api/v1/events", site(streams=NoStreams(full=True)))
    assert response.status == 503
    assert header(response, "Retry-After") == "30"


def test_streams_are_told_where_to_go_on() -> None:
    """Last-Event-ID reaches the stream; HEAD opens none."""
    streams = NoStreams()
    shown = site(streams=streams)
    assert get("/api/v1/events", shown, method="HEAD").stream is None
    response = get("/api/v1/events", shown, last_event_id="x-5")
    assert response.stream is not None
    assert header(response, "Content-Type") == "text/event-stream"
    assert streams.asked == ["x-5"]
