from __future__ import annotations

import pytest

from exporter.model import PortReady
from tests.unit.apiserver import HTTP, Json, endpoint, headless, report_of, service, slice_of

HTTP_READY = ("http", "TCP", 80)


@pytest.mark.parametrize(
    "states,ready,routable",
    [
        (("TTF", "TTF"), 2, 2),
        (("TTF", "FTT", "FFF"), 1, 1),
        (("FTT", "FTT"), 0, 2),
        (("FFT", "FFT"), 0, 0),
        (("FTT", "FFT", "FFF"), 0, 1),
        (("FTF",), 0, 0),
        (("TFF",), 1, 1),
        (("TFT",), 1, 1),
        ((), 0, 0),
    ],
)
def test_ready_ones_or_else_those_that_serve_while_they_terminate(
    states: tuple[str, ...], ready: int, routable: int
) -> None:
    """Serving without terminating is never used; a ready one keeps the others out of use."""
    found = slice_of(*(endpoint(f".{n}", s) for n, s in enumerate(states, 1)))
    report = report_of(service(), found)
    assert report.ports == (PortReady(*HTTP_READY, ready),)
    assert report.routable == routable
    bare = report_of(headless(), found)
    assert (bare.ports, bare.routable) == (report.ports, routable)


def test_each_port_stands_by_itself() -> None:
    """One port falls back to terminating endpoints while the other has a ready one."""
    report = report_of(
        service(ports=[HTTP, {"name": "admin", "port": 90}]),
        slice_of(endpoint(".1")),
        slice_of(endpoint(".2", "FTT"), name="s-2", ports=[{"name": "admin", "port": 9090}]),
    )
    assert report.ports == (PortReady(*HTTP_READY, 1), PortReady("admin", "TCP", 90, 0))
    assert report.routable == 2
    assert report.reason is None


def test_each_family_falls_back_by_itself() -> None:
    """IPv6 endpoints that drain are used while IPv4 has a ready one, as kube-proxy does it."""
    report = report_of(
        service(ipFamilies=["IPv4", "IPv6"]),
        slice_of(endpoint(".1"), endpoint(".2", "FTT")),
        slice_of(endpoint("fd00::1", "FTT"), name="s-6", addressType="IPv6"),
    )
    assert report.ports == (PortReady(*HTTP_READY, 1),)
    assert report.routable == 2


def test_one_number_for_two_protocols_is_two_ports() -> None:
    """DNS answers on 53/UDP and 53/TCP."""
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    report = report_of(service(ports=ports), slice_of(endpoint(".1"), ports=ports))
    assert report.ports == (PortReady("dns", "UDP", 53, 1), PortReady("dns-tcp", "TCP", 53, 1))
    assert report.routable == 1


def test_a_name_for_two_protocols_is_two_ports() -> None:
    """Ports are known by name and protocol together."""
    ports = [{"name": "a", "port": 53, "protocol": "UDP"}, {"name": "a", "port": 53}]
    report = report_of(
        service(ports=ports), slice_of(endpoint(".1"), ports=[{"name": "a", "port": 53}])
    )
    assert report.ports == (PortReady("a", "UDP", 53, 0), PortReady("a", "TCP", 53, 1))


def test_the_same_port_twice_is_reported_once() -> None:
    """The API server lets nobody write that, but a file may hold it."""
    report = report_of(service(ports=[HTTP, HTTP]), slice_of(endpoint(".1")))
    assert report.ports == (PortReady(*HTTP_READY, 1),)


@pytest.mark.parametrize(
    "port,slice_port",
    [
        ({"port": 80}, {"port": 8080}),
        ({"port": 80}, {"name": "", "port": 8080, "protocol": None}),
        ({"port": 80, "name": ""}, {"name": None, "port": 8080}),
    ],
)
def test_an_unnamed_port_matches_an_unnamed_port(port: Json, slice_port: Json) -> None:
    """Absent, null and empty names are one name."""
    report = report_of(service(ports=[port]), slice_of(endpoint(".1"), ports=[slice_port]))
    assert report.ports == (PortReady("", "TCP", 80, 1),)


def test_families_add_up() -> None:
    """A port counts the pairs of both families of a dual-stack Service."""
    report = report_of(
        service(ipFamilies=["IPv4", "IPv6"]),
        slice_of(endpoint(".1")),
        slice_of(endpoint("fd00::1"), endpoint("fd00::2"), name="s-6", addressType="IPv6"),
    )
    assert report.ports == (PortReady(*HTTP_READY, 3),)
    assert report.routable == 3


def test_what_kube_proxy_never_sees_is_not_reached() -> None:
    """Other families and the headless label keep ready endpoints out of reach."""
    report = report_of(
        service(),
        slice_of(endpoint("fd00::1"), addressType="IPv6"),
        slice_of(endpoint(".1"), name="s-2", labels={"service.kubernetes.io/headless": ""}),
    )
    assert report.ports == (PortReady(*HTTP_READY, 0),)
    assert report.routable == 0


def test_a_headless_service_needs_no_ports() -> None:
    """DNS hands out addresses of both IP families whatever the ports say, but no names."""
    report = report_of(
        headless(ports=None),
        slice_of(endpoint(".1"), endpoint(".2", "FFF"), ports=None),
        slice_of(endpoint("fd00::1"), name="s-6", addressType="IPv6", ports=None),
        slice_of({"addresses": ["a.example.com"]}, name="s-f", addressType="FQDN", ports=None),
    )
    assert report.ports == ()
    assert report.routable == 2
    assert report.reason is None


def test_a_headless_service_without_ports_falls_back_too() -> None:
    """When none is ready, those that serve while they terminate are handed out."""
    report = report_of(headless(ports=None), slice_of(endpoint(".1", "FTT"), endpoint(".2", "FFF")))
    assert report.routable == 1
