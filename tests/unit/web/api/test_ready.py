"""Whether Services are ready: what is asked, and what is answered when."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from exporter.model import Reason, ServiceReport
from exporter.web import Question, Response, Site
from tests.unit.web.sites import body, get, report, site, status


class Room:
    """Keeps what is asked; `full` turns those away who would wait."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.asked: list[Question] = []

    def is_full(self, _client: str) -> bool:
        """As it was made."""
        return self.full

    async def wait(self, question: Question, _client: str) -> Response:
        """Never: what is asked is looked at here."""
        self.asked.append(question)
        return Response(200, ())


def look(path: str, shown: Site, ending: str | None = "") -> Response | None:
    """What is answered at a look; `ending` as Question.look has it."""
    room = Room()
    response = get(path, msgspec.structs.replace(shown, waits=room))
    assert response.later is not None, response
    with pytest.raises(StopIteration):
        response.later().__await__().__next__()
    looking = room.asked[0].look(shown, ending)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            found: Response | None = end.value
            return found


def read(response: Response | None) -> dict[str, Any]:
    """The document."""
    assert response is not None
    found: dict[str, Any] = json.loads(body(response))
    return found


WEB = report("shop", "web", ready=2, labels={"app": "web"})
DOWN = report(
    "shop", "api", ready=0, not_ready=1, reason=Reason("CrashLoopBackOff"), labels={"app": "api"}
)
ONE = "/api/v1/services/shop/web/ready"


@pytest.mark.parametrize(
    "path,reports,expected",
    [
        (ONE, [WEB], 200),
        (f"{ONE}?min=2", [WEB], 200),
        (f"{ONE}?min=3", [WEB], 503),
        (f"{ONE}?port=http", [WEB], 503),
        (ONE, [], 404),
        (f"{ONE}?wait=30s", [], 503),
        ("/api/v1/services/shop/api/ready", [DOWN], 503),
        ("/api/v1/ready?service=shop/web&service=shop/api", [WEB, DOWN], 503),
        ("/api/v1/ready?service=shop/api&for=withdrawn", [DOWN], 200),
        ("/api/v1/ready?service=shop/api&for=withdrawn&was=shop/api", [], 200),
        ("/api/v1/ready?service=shop/api&for=withdrawn", [], 404),
        ("/api/v1/ready?service=shop/api&for=standing=down", [DOWN], 200),
        ("/api/v1/ready?selector=app=web", [WEB, DOWN], 200),
        ("/api/v1/ready?selector=app in (web,api)", [WEB, DOWN], 503),
        ("/api/v1/ready?selector=app=web&namespace=other", [WEB], 503),
        (ONE, [report("shop", "web", known=False)], 503),
    ],
)
def test_the_status_says_it(path: str, reports: list[ServiceReport], expected: int) -> None:
    """200, 503, or 404 for a Service that is not there and that nobody would wait for."""
    response = look(path, site(reports))
    assert response is not None
    assert response.status == expected
    assert read(response)["met"] is (True if expected == 200 else read(response)["met"])


@pytest.mark.parametrize(
    "resources,why",
    [
        ([status("services", error="timed out")], "services: timed out"),
        ([status("endpointslices", synced=False)], "endpointslices: not read yet"),
        ([], "nothing was read yet"),
    ],
)
def test_what_is_stale_or_not_complete_is_no_answer(resources: list[Any], why: str) -> None:
    """503 with the cause, though what was known last would do; so for a Service not known yet."""
    for reports in ([WEB], []):
        response = look(ONE, site(reports, resources))
        assert response is not None
        assert response.status == 503
        found = read(response)
        assert (found["met"], found["unread"]) == (None, [why])
        assert found["message"] == f"can't be told: {why}"


def test_what_is_read_again_but_not_shown_is_no_answer() -> None:
    """Between the list after an outage and its reports those of before are shown."""
    shown = site([WEB])
    late = msgspec.structs.replace(shown.snapshot(), settled=False)
    response = look(ONE, msgspec.structs.replace(shown, snapshot=lambda: late))
    assert read(response)["unread"] == ["what was read again is not shown yet"]


def test_the_document_says_what_there_is_and_what_not() -> None:
    """Those that are not as wanted first; what is missing by its name; why it ended last."""
    path = "/api/v1/ready?service=shop/web&service=shop/api&service=shop/no&for=available"
    found = read(look(path, site([WEB, DOWN]), "the exporter is stopping"))
    assert [one["state"] for one in found["services"]] == [
        "down, CrashLoopBackOff, 0/1 ready",
        "ready, 2/2 ready",
    ]
    assert (found["missing"], found["total"], found["goals"]) == (["shop/no"], 2, ["available"])
    assert found["message"] == "no Service shop/no; the exporter is stopping"


def test_whoever_waits_hears_of_what_is_otherwise() -> None:
    """Nothing while it is as known; with another `after` at once."""
    path = "/api/v1/services/shop/api/ready?wait=30s"
    shown = site([DOWN])
    assert look(path, shown, None) is None
    seen = read(look(path, shown))["seen"]
    assert look(f"{path}&after={seen}", shown, None) is None
    response = look(f"{path}&after=otherwise", shown, None)
    assert response is not None
    assert response.status == 503


def test_there_is_room_for_so_many() -> None:
    """503 with Retry-After for whoever would wait; a look is answered still."""
    full = msgspec.structs.replace(site([WEB]), waits=Room(full=True))
    response = get(f"{ONE}?wait=1s", full)
    assert response.status == 503
    assert ("Retry-After", "5") in response.headers
    assert get(ONE, full).later is not None


@pytest.mark.parametrize(
    "path,parameter,told",
    [
        (f"{ONE}?min=0", "min", "min: 0 does not end in a whole number from 1 to 1000000"),
        (f"{ONE}?port=", "port", "port: nothing lacks a value; takes ready[=N]"),
        (f"{ONE}?wait=soon", "wait", "wait: takes seconds or a duration such as 30s, up to 5m"),
        (f"{ONE}?wait=6m", "wait", "wait: takes seconds or a duration such as 30s, up to 5m"),
        (f"{ONE}?mni=3", "mni", "no such parameter: mni; takes min, port, wait, after"),
        ("/api/v1/ready", "service", "takes either service=NAMESPACE/NAME or selector=SELECTOR"),
        ("/api/v1/ready?service=web", "service", "service: takes NAMESPACE/NAME, not web"),
        ("/api/v1/ready?selector=a=b=", "selector", "selector: a=b= is not a label selector"),
        ("/api/v1/ready?selector=a>1", "selector", "selector: numbers (< and >) are not compared"),
        ("/api/v1/ready?service=a/b&namespace=a", "namespace", "namespace goes with selector"),
        ("/api/v1/ready?service=a/b&for=redy", "for", "for: redy is nothing to wait for; takes"),
    ],
)
def test_what_cannot_be_meant_is_named(path: str, parameter: str, told: str) -> None:
    """400 with one line and the parameter."""
    response = get(path)
    assert response.status == 400
    found = json.loads(body(response))
    assert found["parameter"] == parameter
    assert found["detail"].startswith(told)
    assert "\n" not in found["detail"]
