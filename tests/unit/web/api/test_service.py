from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.model import (
    FindingCode,
    Reason,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Source,
    Standing,
    Transition,
)
from exporter.objects.codec import decode_object
from exporter.objects.resources import SLICES
from exporter.web import Place
from tests.unit.web.sites import NOW, get, report, site, text

KEY = ServiceKey("a", "b")


def view(said: ServiceReport, *addresses: tuple[str, str, bool]) -> ServiceView:
    """What is known: one slice with these (address, zone, ready)."""
    raw = {
        "metadata": {
            "namespace": "a",
            "name": "b-x",
            "labels": {
                "kubernetes.io/service-name": "b",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "addressType": "IPv4",
        "ports": [{"name": "", "protocol": "TCP", "port": 8080}],
        "endpoints": [
            {
                "addresses": [address],
                "zone": zone,
                "nodeName": "node-1",
                "conditions": {"ready": ready, "serving": True, "terminating": not ready},
                "targetRef": {"kind": "Pod", "name": f"pod-{address}"},
            }
            for address, zone, ready in addresses
        ],
    }
    piece: Any = decode_object(SLICES, json.dumps(raw).encode())
    return ServiceView(said.service, Source.ENDPOINTSLICES, (piece,), 0, None, None, None)


def read(said: ServiceReport, **more: Any) -> dict[str, Any]:
    """The document on a Service."""
    answer: dict[str, Any] = json.loads(text(get("/api/v1/services/a/b", site([said], **more))))
    return answer


def test_it_begins_with_the_keys_of_explain() -> None:
    """What scripts know from `explain -o json` is there, in the same order."""
    said = read(report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS, since=NOW))
    assert list(said)[:9] == [
        "namespace",
        "service",
        "reason",
        "message",
        "detail",
        "fix",
        "ready",
        "not_ready",
        "evidence",
    ]
    assert (said["reason"], said["state"]) == ("NoEndpoints", "down")
    assert said["since"] == said["now"] == "2023-11-14T22:13:20Z"
    assert said["commands"]


def test_addresses_ports_zones_and_slices() -> None:
    """Each address with its conditions, those that are not ready first; ports by zone."""
    said = report("a", "b", ready=2, not_ready=1)
    addresses = (("10.0.0.1", "west", True), ("10.0.0.2", "east", False), ("10.0.0.3", "", True))
    found = read(said, views={KEY: view(said, *addresses)})
    assert [one["address"] for one in found["addresses"]] == ["10.0.0.2", "10.0.0.1", "10.0.0.3"]
    assert found["addresses"][0] == {
        "address_type": "IPv4",
        "address": "10.0.0.2",
        "ready": False,
        "serving": True,
        "terminating": True,
        "pod": "pod-10.0.0.2",
        "node": "node-1",
        "zone": "east",
    }
    assert found["addresses_total"] == 3
    assert found["ports"] == [
        {
            "name": "",
            "protocol": "TCP",
            "port": 80,
            "target": "80",
            "ready": 0,
            "zones": {"west": 1, "east": 0, "": 1},
            "node_port": None,
            "app_protocol": "",
        }
    ]
    assert found["slices"] == [
        {
            "name": "b-x",
            "address_type": "IPv4",
            "endpoints": 3,
            "ready": 2,
            "ports": ["- 8080/TCP"],
            "managed_by": "endpointslice-controller.k8s.io",
        }
    ]


def test_long_lists_of_addresses_are_cut() -> None:
    """A thousand are told, and how many there are."""
    said = report("a", "b", ready=1500)
    addresses = [(f"10.0.{n // 250}.{n % 250}", "z", True) for n in range(1500)]
    found = read(said, views={KEY: view(said, *addresses)})
    assert (len(found["addresses"]), found["addresses_total"]) == (1000, 1500)


def test_what_became_of_it() -> None:
    """Transitions in their order; the first has no time."""
    found = read(
        report("a", "b"),
        transitions=(
            Transition(
                None, True, None, None, 1, 0, Standing.DEGRADED, (FindingCode.BELOW_MIN_READY,)
            ),
            Transition(NOW - 9, True, Reason.IMAGE_PULL, "x", 0, 1, Standing.DOWN),
            Transition(NOW, False, None, None, 0, 0),
        ),
    )
    assert found["changes"] == [
        {
            "at": None,
            "reason": None,
            "detail": None,
            "ready": 1,
            "not_ready": 0,
            "standing": "degraded",
            "findings": ["BelowMinReady"],
        },
        {
            "at": "2023-11-14T22:13:11Z",
            "reason": "ImagePull",
            "detail": "x",
            "ready": 0,
            "not_ready": 1,
            "standing": "down",
            "findings": [],
        },
        {
            "at": "2023-11-14T22:13:20Z",
            "reason": None,
            "detail": None,
            "ready": None,
            "not_ready": None,
            "standing": "unknown",
            "findings": [],
        },
    ]


def test_what_is_not_known_is_null() -> None:
    """Without slices no number is made up."""
    found = read(report("a", "b", known=False))
    assert (found["ready"], found["not_ready"], found["addresses_total"]) == (None, None, None)
    assert found["slices"] is None
    assert found["ports"][0]["ready"] is None
    assert found["ports"][0]["zones"] is None


def test_links_are_filled_in() -> None:
    """The dashboard by name, the runbook by reason; null where there is none."""
    place = Place(
        grafana="https://g/d/x?var-namespace={namespace}&var-service={service}",
        runbooks="https://r/#{reason}",
    )
    down = report("a", "b", ready=0, reason=Reason.NO_ENDPOINTS)
    assert read(down, place=place)["links"] == {
        "grafana": "https://g/d/x?var-namespace=a&var-service=b",
        "runbook": "https://r/#NoEndpoints",
    }
    assert read(report("a", "b"), place=place)["links"]["runbook"] is None
    assert read(down)["links"] == {"grafana": None, "runbook": None}


@pytest.mark.parametrize("name", ["nothing", "<script>", "b%00", "%2e%2e"])
def test_unknown_services_are_problems(name: str) -> None:
    """404, and the name in one line that nobody can break out of."""
    response = get(f"/api/v1/services/a/{name}", site([report("a", "b")]))
    assert response.status == 404
    problem = json.loads(text(response))
    assert problem["title"] == "No such Service"
    assert name in problem["detail"]


def test_tag_of_a_service() -> None:
    """The answer is saved while it would be the same but for the time that it tells."""
    shown = site([report("a", "b")])
    response = get("/api/v1/services/a/b", shown)
    tag = dict(response.headers)["ETag"]
    assert get("/api/v1/services/a/b", shown, if_none_match=tag).status == 304
