from __future__ import annotations

from typing import Any

import pytest

from exporter.model import Reason, Source
from exporter.objects.slices import HEADLESS_LABEL
from tests.unit.apiserver import (
    HTTP,
    Json,
    endpoint,
    endpoints_of,
    headless,
    placeholder,
    pod,
    report_of,
    service,
    slice_of,
)

OWN: Json = {"selector": None}
DELETED = {"deletionTimestamp": "2023-11-14T22:13:20Z"}
HIDDEN: Json = {"labels": {HEADLESS_LABEL: ""}}


def six(*endpoints: Json, name: str = "s-6", **fields: Any) -> Json:
    """An IPv6 slice."""
    return slice_of(*endpoints, name=name, addressType="IPv6", **fields)


def names(address: str = "db.example.com", rst: str = "---", **fields: Any) -> Json:
    """A slice with a name in place of an address."""
    return slice_of(endpoint(address, rst), name="s-f", addressType="FQDN", **fields)


@pytest.mark.parametrize(
    "objects,reason,detail",
    [
        # 0: ExternalName, whatever is left over
        ((service(type="ExternalName", externalName="a.example.com"),), "ExternalName", None),
        ((service(type="ExternalName", metadata=DELETED),), "ExternalName", None),
        ((service(type="ExternalName"), slice_of(endpoint(".1"))), "ExternalName", None),
        # 1: none while anything usable is ready
        ((service(), slice_of(endpoint(".1"))), None, None),
        ((service(metadata=DELETED), slice_of(endpoint(".1"))), None, None),
        ((service(), slice_of(endpoint(".1", "TFT"))), None, None),
        ((service(**OWN), slice_of(endpoint(".1"), managed_by=None)), None, None),
        ((headless(), slice_of(endpoint(".1"), ports=None)), None, None),
        ((headless(ports=None), six(endpoint("fd00::1"), ports=None)), None, None),
        ((headless(), slice_of(endpoint(".1"), **HIDDEN)), None, None),
        # 2: being deleted comes before all that is missing
        ((service(metadata=DELETED),), "ServiceDeleting", None),
        ((service(metadata=DELETED, **OWN),), "ServiceDeleting", None),
        ((service(metadata=DELETED), slice_of(endpoint(".1", "FTT"))), "ServiceDeleting", None),
        # 3: no selector and nothing at all
        ((service(**OWN),), "SelectorlessNoEndpoints", None),
        ((service(selector={}), placeholder()), "SelectorlessNoEndpoints", None),
        ((headless(**OWN),), "SelectorlessNoEndpoints", None),
        # 4: no selector, ready but out of reach
        ((service(**OWN), names()), "SelectorlessUnusable", "FQDNOnly"),
        ((headless(**OWN), names()), "SelectorlessUnusable", "FQDNOnly"),
        ((service(**OWN), six(endpoint("fd00::1"))), "SelectorlessUnusable", "FamilyMismatch"),
        (
            (service(**OWN), names(), six(endpoint("fd00::1"))),
            "SelectorlessUnusable",
            "FamilyMismatch",
        ),
        (
            (service(**OWN), slice_of(endpoint(".1"), ports=[{"name": "http", "port": None}])),
            "SelectorlessUnusable",
            "PortMismatch",
        ),
        (
            (
                service(**OWN),
                slice_of(endpoint(".1"), ports=[{"name": "web", "port": 80}]),
                names(),
            ),
            "SelectorlessUnusable",
            "PortMismatch",
        ),
        (
            (service(**OWN), slice_of(endpoint(".1"), ports=None), six(endpoint("fd00::1"))),
            "SelectorlessUnusable",
            "PortMismatch",
        ),
        (
            (service(**OWN), slice_of(endpoint(".1"), **HIDDEN)),
            "SelectorlessUnusable",
            "HeadlessLabel",
        ),
        # 5: no selector, none ready
        ((service(**OWN), slice_of(endpoint(".1", "FFF"))), "SelectorlessNotReady", None),
        ((service(**OWN), names(rst="FFF")), "SelectorlessNotReady", None),
        (
            (service(**OWN), slice_of(endpoint(".1", "FTT"), endpoint(".2", "FFF"))),
            "SelectorlessNotReady",
            None,
        ),
        ((service(**OWN), slice_of(endpoint(".1", "FTT"))), "SelectorlessNotReady", "Terminating"),
        # 6: a selector and no slice: the controller has not been here
        ((service(),), "EndpointSlicesMissing", None),
        ((headless(),), "EndpointSlicesMissing", None),
        ((service(), slice_of(endpoint(".1"), service="t")), "EndpointSlicesMissing", None),
        ((service(), slice_of(endpoint(".1"), service=None)), "EndpointSlicesMissing", None),
        # 7: ready addresses that no port leads to
        ((service(), slice_of(endpoint(".1"), ports=None)), "NamedPortMissing", None),
        (
            (service(), slice_of(endpoint(".1"), ports=[{"name": "x", "port": 1}])),
            "NamedPortMissing",
            None,
        ),
        (
            (service(ports=[{**HTTP, "protocol": "UDP"}]), slice_of(endpoint(".1"))),
            "NamedPortMissing",
            None,
        ),
        ((service(), slice_of(endpoint(".1"), **HIDDEN)), "NamedPortMissing", "HeadlessLabel"),
        (
            (
                service(),
                slice_of(endpoint(".1"), **HIDDEN),
                slice_of(endpoint(".2"), name="s-2", ports=None),
            ),
            "NamedPortMissing",
            None,
        ),
        (
            (
                service(),
                slice_of(endpoint(".1"), ports=None),
                slice_of(endpoint(".2", "FFF"), name="s-2"),
            ),
            "NamedPortMissing",
            None,
        ),
        # 17: ready addresses of other families only
        ((service(), six(endpoint("fd00::1"))), "FamilyMismatch", None),
        ((service(), six(endpoint("fd00::1")), placeholder()), "FamilyMismatch", None),
        ((service(ipFamilies=["IPv6"]), slice_of(endpoint(".1"))), "FamilyMismatch", None),
        # 8 to 10: what is left when Pods can't be asked
        ((service(), slice_of(endpoint(".1", "FFF"))), "EndpointsNotReady", None),
        ((service(), slice_of(endpoint(".1", "FTF"))), "EndpointsNotReady", None),
        (
            (service(), slice_of(endpoint(".1", "FTT"), endpoint(".2", "FFF"))),
            "EndpointsNotReady",
            None,
        ),
        ((headless(), slice_of(endpoint(".1", "FFF"), ports=None)), "EndpointsNotReady", None),
        ((service(), slice_of(endpoint(".1", "FTT"))), "AllTerminating", "Serving"),
        (
            (service(), slice_of(endpoint(".1", "FFT"), endpoint(".2", "FTT"))),
            "AllTerminating",
            "Serving",
        ),
        ((service(), slice_of(endpoint(".1", "FFT"))), "AllTerminating", None),
        ((service(), placeholder()), "NoEndpoints", None),
        ((service(), slice_of({"addresses": []})), "NoEndpoints", None),
    ],
)
def test_the_first_rule_that_holds_is_the_reason(
    objects: tuple[Json, ...], reason: str | None, detail: str | None
) -> None:
    """Rules 0 to 10 of semantics.md §5 (and 17), as Services and slices alone tell them."""
    report = report_of(*objects)
    assert (report.reason, report.detail) == (reason, detail)


@pytest.mark.parametrize(
    "objects,reason,detail",
    [
        ((service(), placeholder()), "SelectorMatchesNoPods", None),
        ((service(),), "EndpointSlicesMissing", None),
        ((service(), slice_of(endpoint(".1"), ports=None)), "NamedPortMissing", None),
        ((service(), six(endpoint("fd00::1"))), "FamilyMismatch", None),
        ((service(**OWN),), "SelectorlessNoEndpoints", None),
        ((service(**OWN), slice_of(endpoint(".1", "FTT"))), "SelectorlessNotReady", "Terminating"),
        ((service(metadata=DELETED), placeholder()), "ServiceDeleting", None),
        ((service(), slice_of(endpoint(".1", "FFF")), pod("p")), "Unscheduled", None),
    ],
)
def test_what_slices_tell_holds_with_pods_too(
    objects: tuple[Json, ...], reason: str, detail: str | None
) -> None:
    """Only rules 8 to 10 give way to what Pods tell."""
    report = report_of(*objects, read=("pods",))
    assert (report.reason, report.detail) == (reason, detail)
    assert report.reason not in {"EndpointsNotReady", "AllTerminating", "NoEndpoints"}


def terminating(found: Json) -> Json:
    """The Pod, being deleted."""
    return {**found, "metadata": {**found["metadata"], **DELETED}}


@pytest.mark.parametrize("rst,detail", [("FTT", "Serving"), ("FFT", None)])
def test_terminating_pods_take_their_detail_from_the_endpoints(
    rst: str, detail: str | None
) -> None:
    """With Pods AllTerminating becomes AllPodsTerminating; whether traffic flows stays known."""
    report = report_of(service(), slice_of(endpoint(".1", rst)), terminating(pod("p", "10.0.0.1")))
    assert (report.reason, report.detail) == (Reason.ALL_PODS_TERMINATING, detail)


def addresses(*ips: str) -> list[Json]:
    """Addresses of a subset."""
    return [{"ip": ip} for ip in ips]


NAMED = [{"name": "http", "port": 8080}]


@pytest.mark.parametrize(
    "objects,reason,detail",
    [
        ((service(),), "EndpointSlicesMissing", "Endpoints"),
        ((service(), endpoints_of()), "NoEndpoints", None),
        (
            (service(), endpoints_of({"notReadyAddresses": addresses("10.0.0.1"), "ports": NAMED})),
            "EndpointsNotReady",
            None,
        ),
        (
            (service(), endpoints_of({"addresses": addresses("10.0.0.1"), "ports": NAMED})),
            None,
            None,
        ),
        ((headless(), endpoints_of({"addresses": addresses("10.0.0.1")})), None, None),
        ((service(**OWN),), "SelectorlessNoEndpoints", None),
        (
            (service(**OWN), endpoints_of({"notReadyAddresses": addresses("10.0.0.1")})),
            "SelectorlessNotReady",
            None,
        ),
        # slices are not the source: they change nothing
        ((service(), slice_of(endpoint(".1"))), "EndpointSlicesMissing", "Endpoints"),
    ],
)
def test_reasons_from_legacy_endpoints(
    objects: tuple[Json, ...], reason: str | None, detail: str | None
) -> None:
    """6 means that there is no Endpoints object; what it can't tell is said as NoEndpoints."""
    report = report_of(*objects, source=Source.ENDPOINTS)
    assert (report.reason, report.detail) == (reason, detail)


def test_an_endpoints_object_does_not_stand_in_for_slices() -> None:
    """Where slices are the source, a Service without any misses them, Endpoints or not."""
    found = endpoints_of({"addresses": addresses("10.0.0.1"), "ports": NAMED})
    assert report_of(service(), found).reason is Reason.ENDPOINT_SLICES_MISSING
