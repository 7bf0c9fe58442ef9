from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from exporter.model import Reason, ServiceReport
from tests.unit.web.sites import BELOW, NOW, get, report, site, text

SERVICES = [
    report("a", "fine", labels={"app": "web", "tier": "front"}),
    report("a", "thin", ready=0, kind="NodePort", labels={"app": "web"}, findings=(BELOW,)),
    report("b", "down", ready=0, reason=Reason.CRASH_LOOP_BACK_OFF, since=NOW - 50),
    report("b", "image", ready=0, reason=Reason.IMAGE_PULL, since=NOW - 5),
    report("c", "dark", known=False),
    report("c", "zero", ready=0, reason=Reason.SCALED_TO_ZERO, since=NOW - 500),
]


def listed(query: str, services: list[ServiceReport] = SERVICES) -> list[str]:
    """Names of the Services that are listed for a query."""
    response = get(f"/api/v1/services?{query}", site(services))
    assert response.status == 200, text(response)
    return [item["service"] for item in json.loads(text(response))["items"]]


@pytest.mark.parametrize(
    "query,expected",
    [
        ("", "image down thin dark fine zero"),
        ("namespace=a", "thin fine"),
        ("namespace=a&namespace=b", "image down thin fine"),
        ("namespace=a,c", "thin dark fine zero"),
        ("namespace=nowhere", ""),
        ("type=NodePort", "thin"),
        ("standing=down", "image down"),
        ("standing=degraded", "thin"),
        ("standing=down,intended", "image down zero"),
        ("finding=BelowMinReady", "thin"),
        ("q=belowmin", "thin"),
        ("state=down", "image down"),
        ("state=down,intended", "image down zero"),
        ("reason=ImagePull", "image"),
        ("reason=none", "thin dark fine"),
        ("label=app=web", "thin fine"),
        ("label=app==web", "thin fine"),
        ("label=app!=web", "image down dark zero"),
        ("label=tier", "fine"),
        ("label=!app", "image down dark zero"),
        ("label=app=web,!tier", "thin"),
        ("label=app=web&label=tier=front", "fine"),
        ("q=CRASH", "down"),
        ("q=b/ image", "image"),
        ("q=tier=front", "fine"),
        ("q=nothing-like-it", ""),
        ("sort=name", "dark down fine image thin zero"),
        ("sort=namespace", "fine thin down image dark zero"),
        ("sort=since", "image down zero fine thin dark"),
        ("sort=ready", "thin down image zero fine dark"),
        ("sort=", "image down thin dark fine zero"),
        ("state=down&sort=name&limit=1", "down"),
        ("unused=", None),
    ],
)
def test_filters_and_order(query: str, expected: str | None) -> None:
    """Each filter keeps what it says, several of them what all say; the order is as asked."""
    if expected is None:
        assert get(f"/api/v1/services?{query}").status == 400
        return
    assert listed(query) == expected.split()


def test_severity_decides_within_a_state() -> None:
    """What the owner calls critical comes before the rest, what is only info after it."""
    services = [
        report(
            "a",
            severity,
            ready=0,
            reason=Reason.NO_ENDPOINTS,
            annotations={"endpoints-exporter.io/severity": severity},
        )
        for severity in ("info", "warning", "critical")
    ]
    assert listed("", services) == ["critical", "warning", "info"]


@pytest.mark.parametrize(
    "query,parameter,words",
    [
        ("nmespace=a", "nmespace", "no such parameter: nmespace; did you mean namespace?"),
        ("state=donw", "state", "state: no such state: donw; did you mean down?"),
        ("type=clusterip", "type", "type: no such type: clusterip; did you mean ClusterIP?"),
        ("reason=Imagepull", "reason", "no such reason: Imagepull; did you mean ImagePull?"),
        ("sort=-name", "sort", "sort: takes worst, name, namespace, since, ready, not -name"),
        ("limit=0", "limit", "limit: takes a whole number from 1 to 1000"),
        ("limit=1001", "limit", "limit: takes a whole number from 1 to 1000"),
        ("limit=-1", "limit", "limit: takes a whole number from 1 to 1000"),
        ("limit=1e2", "limit", "limit: takes a whole number from 1 to 1000"),
        ("limit=٣", "limit", "limit: takes a whole number from 1 to 1000"),
        ("label=app in (web)", "label", "label: takes key=value, key!=value, key or !key"),
        ("label==web", "label", "label: takes key=value, key!=value, key or !key"),
        ("q=" + "x" * 501, "q", "q: longer than 500 characters"),
        ("&".join(["namespace=a"] * 101), "namespace", "namespace: given more than 100 times"),
        ("page=nonsense", "page", "page: is no page of this list; begin without it"),
        ("page=%20", "page", "page: is no page of this list; begin without it"),
    ],
)
def test_bad_queries_are_told_in_one_line(query: str, parameter: str, words: str) -> None:
    """A 400 names the parameter and what it takes, as RFC 9457 has problems."""
    response = get(f"/api/v1/services?{query}", site(SERVICES))
    assert response.status == 400
    assert dict(response.headers)["Content-Type"] == "application/problem+json"
    problem = json.loads(text(response))
    assert problem["title"] == "Bad query"
    assert (problem["status"], problem["parameter"]) == (400, parameter)
    assert words in problem["detail"]
    assert "\n" not in problem["detail"]


@pytest.mark.parametrize("sort", ["worst", "name", "namespace", "since", "ready"])
def test_pages_hold_each_service_once(sort: str) -> None:
    """Going from page to page tells every Service once, in the order of the whole list."""
    shown = site(SERVICES)
    found: list[str] = []
    token = ""
    while True:
        answer = json.loads(text(get(f"/api/v1/services?sort={sort}&limit=2&page={token}", shown)))
        assert answer["total"] == 6
        found += [item["service"] for item in answer["items"]]
        token = answer["next"]
        if token is None:
            break
    assert found == listed(f"sort={sort}")


def test_services_that_go_meanwhile_shift_no_page() -> None:
    """A page begins after the last Service of the page before, even when others have gone."""
    first = json.loads(text(get("/api/v1/services?sort=name&limit=3", site(SERVICES))))
    left = [said for said in SERVICES if said.key.name not in ("dark", "down")]
    rest = listed(f"sort=name&page={first['next']}", left)
    assert rest == ["image", "thin", "zero"]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        ["name", None],
        ["name", {"a": 1}],
        ["since", True, 1.0, "a", "b"],
        ["name", 5, 5],
        ["worst", "a", "b", "c", "d", "e", "f"],
        {"name": 1},
        "name",
    ],
)
def test_forged_page_tokens_are_refused(parts: Any) -> None:
    """A token that this list did not give is a 400, whatever it holds."""
    token = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    sort = "worst" if "worst" in parts else "name"
    response = get(f"/api/v1/services?sort={sort}&page={token}", site(SERVICES))
    assert response.status == 400


@pytest.mark.parametrize(
    "query,parameter",
    [
        ("label=" + ",".join(f"!{n}" for n in range(21)), "label"),
        ("&".join(f"label=a{n}" for n in range(21)), "label"),
        ("q=" + " ".join("abcdefghijklmnopqrstu"), "q"),
        ("q=a b c d e f g h i j k&label=" + ",".join("abcdefghij"), "q"),
    ],
)
def test_more_terms_than_are_taken(query: str, parameter: str) -> None:
    """Labels and words together are bounded, for each is asked of every Service."""
    response = get(f"/api/v1/services?{query}", site(SERVICES))
    assert response.status == 400
    problem = json.loads(text(response))
    assert problem["parameter"] == parameter
    assert problem["detail"] == (f"{parameter}: more than 20 terms, those of label and q together")


@pytest.mark.parametrize("path", ["/api/v1/services", "/"])
def test_as_many_terms_as_are_taken_are_asked_in_turns(path: str) -> None:
    """Over many Services the list is made in steps, none of which looks at more than 500 rows."""
    services = [report(f"n{n % 7}", f"s{n}", labels={"app": "web"}) for n in range(2500)]
    place = site(services)
    for _ in place.desk.begin(place.snapshot()) or ():
        pass
    query = "label=" + ",".join(f"app!=x{n}" for n in range(20)) + "&limit=3"
    response = get(f"{path}?{query}", place)
    assert response.status == 200
    assert not isinstance(response.body, bytes)
    steps = list(response.body)
    assert steps.count(b"") >= 4
    assert b"s0" in b"".join(steps)


def test_a_long_list_keeps_its_tag_and_tells_a_bad_page() -> None:
    """Made in steps or not: who has the list gets a 304, and a token of another list is a 400."""
    services = [report("a", f"s{n}") for n in range(2500)]
    place = site(services)
    for _ in place.desk.begin(place.snapshot()) or ():
        pass
    response = get("/api/v1/services", place)
    tag = dict(response.headers)["ETag"]
    again = get("/api/v1/services", place, if_none_match=tag)
    assert (response.status, again.status) == (200, 304)
    token = base64.urlsafe_b64encode(b'["worst","x"]').decode().rstrip("=")
    assert get(f"/api/v1/services?page={token}", place).status == 400
