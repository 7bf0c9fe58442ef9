from __future__ import annotations

from itertools import permutations, product

import pytest

from exporter.analysis.families import reported_families, usable_families
from exporter.analysis.merge import (
    merge_pairs,
    merge_slices,
    read_legacy,
    routed_slices,
)
from exporter.objects.legacy import Endpoints
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice
from tests.unit.apiserver import Json, decode, endpoint, endpoints_of, headless, service, slice_of

STATES = [a + b + c for a, b, c in product("TF", repeat=3)]
HEADLESS = {"service.kubernetes.io/headless": ""}


def slices(*found: Json) -> list[EndpointSlice]:
    """The slices, decoded."""
    decoded = [decode(one) for one in found]
    assert all(isinstance(one, EndpointSlice) for one in decoded), decoded
    return decoded  # type: ignore[return-value]


def state(flags: int) -> str:
    """Flags as ready/serving/terminating letters."""
    return "".join("T" if flags & bit else "F" for bit in (READY, SERVING, TERMINATING))


def winner(*states: str) -> str:
    """The state of an address that is there once in each of these, one slice each."""
    found = slices(*(slice_of(endpoint(".1", s), name=f"s-{n}") for n, s in enumerate(states)))
    [entry] = merge_slices(found)["IPv4"].values()
    return state(entry.flags)


# ── duplicates in slices (D2) ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "one,other,expected",
    [
        ("FTT", "TTF", "TTF"),
        ("FFT", "FFF", "FFF"),
        ("FTT", "FFF", "FFF"),
        ("TTT", "FFF", "FFF"),
        ("TTF", "FFF", "TTF"),
        ("TFF", "FTF", "TFF"),
        ("TFF", "TTF", "TTF"),
        ("FTF", "FFF", "FTF"),
        ("FTT", "FFT", "FTT"),
        ("TTT", "FTT", "TTT"),
        ("TTF", "---", "TTF"),
        ("FFF", "---", "TTF"),
    ],
)
def test_the_best_of_duplicates_wins(one: str, other: str, expected: str) -> None:
    """Not terminating comes first, then ready, then serving; in either order."""
    assert winner(one, other) == winner(other, one) == expected


def test_no_order_of_three_duplicates_matters() -> None:
    """Whatever three states meet at one address, every order gives the same."""
    for states in product(STATES, repeat=3):
        assert len({winner(*order) for order in set(permutations(states))}) == 1, states


def test_all_that_is_told_of_an_address_comes_from_one_entry() -> None:
    """Between equals node, zone and Pod decide, so that no order of slices shows."""
    one = slice_of(endpoint(".1", nodeName="n1", zone="b"))
    other = slice_of(endpoint(".1", nodeName="n2", zone="a"), name="s-2")
    for order in permutations((one, other)):
        [entry] = merge_slices(slices(*order))["IPv4"].values()
        assert (entry.node, entry.zone) == ("n1", "b")


def test_spellings_of_one_address_are_one_address() -> None:
    """Leading zeros and IPv4 mapped into IPv6 don't make two of one."""
    found = slices(slice_of(endpoint("10.0.0.1"), endpoint("010.0.0.01"), endpoint("::ffff:a00:1")))
    assert list(merge_slices(found)["IPv4"]) == ["10.0.0.1"]


def test_address_types_are_apart() -> None:
    """The same text in slices of two types is two entries; an empty slice makes its type known."""
    found = slices(
        slice_of(endpoint(".1")),
        slice_of(endpoint(".1"), name="s-2", addressType="FQDN"),
        slice_of(name="s-3", addressType="IPv6"),
    )
    assert {kind: list(entries) for kind, entries in merge_slices(found).items()} == {
        "IPv4": ["10.0.0.1"],
        "FQDN": ["10.0.0.1"],
        "IPv6": [],
    }


# ── pairs behind a port ──────────────────────────────────────────────────────────────────────


def test_pairs_are_unique_by_address_and_number() -> None:
    """The same addresses on two numbers are twice as many pairs; duplicates are merged."""
    found = slices(
        slice_of(endpoint(".1"), endpoint(".2", "FTT"), ports=[{"name": "http", "port": 80}]),
        slice_of(endpoint(".1"), endpoint(".2"), name="s-2"),
        slice_of(endpoint(".2"), name="s-3", ports=[{"name": "http", "port": 80}]),
    )
    pairs = merge_pairs(found, "http", "TCP")
    assert {pair: state(entry.flags) for pair, entry in pairs.items()} == {
        ("10.0.0.1", 80): "TTF",
        ("10.0.0.2", 80): "TTF",
        ("10.0.0.1", 8080): "TTF",
        ("10.0.0.2", 8080): "TTF",
    }


@pytest.mark.parametrize(
    "port,reached",
    [
        ({"name": "http", "port": 8080}, True),
        ({"name": "http", "port": 8080, "protocol": "UDP"}, False),
        ({"name": "HTTP", "port": 8080}, False),
        ({"port": 8080}, False),
        ({"name": "http", "port": None}, False),
        ({"name": "http", "port": 0}, False),
        ({"name": "http"}, False),
    ],
)
def test_a_port_is_known_by_name_and_protocol_and_needs_a_number(port: Json, reached: bool) -> None:
    """Another name or protocol is another port; kube-proxy skips one without a number."""
    found = slices(slice_of(endpoint(".1"), ports=[port]))
    assert bool(merge_pairs(found, "http", "TCP")) is reached


# ── families ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "found,reported,usable",
    [
        (service(), ("IPv4",), ("IPv4",)),
        (service(ipFamilies=["IPv6"]), ("IPv6",), ("IPv6",)),
        (service(ipFamilies=["IPv6", "IPv4"]), ("IPv6", "IPv4"), ("IPv6", "IPv4")),
        (service(ipFamilies=None), ("IPv4",), ("IPv4",)),
        (
            service(ipFamilies=None, clusterIP="fd00::10", clusterIPs=["fd00::10"]),
            ("IPv6",),
            ("IPv6",),
        ),
        (
            service(ipFamilies=None, clusterIP=None, clusterIPs=None),
            ("IPv4",),
            ("IPv4", "IPv6"),
        ),
        (headless(), ("IPv4",), ("IPv4", "IPv6")),
    ],
)
def test_families_of_a_service(
    found: Json, reported: tuple[str, ...], usable: tuple[str, ...]
) -> None:
    """As the spec says; older objects have that of their cluster IP; headless takes both."""
    one = decode(found)
    assert isinstance(one, Service)
    assert (reported_families(one), usable_families(one)) == (reported, usable)


def test_traffic_takes_what_kube_proxy_sees() -> None:
    """Other families and slices with the headless label are out of its reach."""
    found = slices(
        slice_of(name="a"),
        slice_of(name="b", labels=HEADLESS),
        slice_of(name="c", addressType="IPv6"),
        slice_of(name="d", addressType="FQDN"),
    )
    plain, bare = decode(service()), decode(headless())
    assert isinstance(plain, Service)
    assert isinstance(bare, Service)
    assert [piece.name for piece in routed_slices(plain, found)] == ["a"]
    assert [piece.name for piece in routed_slices(bare, found)] == ["a", "b", "c"]


# ── legacy Endpoints (D5) ────────────────────────────────────────────────────────────────────


def address(ip: str, pod: str = "") -> Json:
    """An address of a subset, of a Pod if told."""
    target = {"kind": "Pod", "name": pod, "uid": f"uid-{pod}"} if pod else None
    return {"ip": ip, "targetRef": target}


def legacy(*subsets: Json) -> list[tuple[str, str, int, list[tuple[str, bool]]]]:
    """Family, port name, number and (address, ready) of each slice that says the same."""
    found = decode(endpoints_of(*subsets))
    assert isinstance(found, Endpoints)
    return [
        (
            piece.address_type,
            piece.ports[0].name if piece.ports else "-",
            piece.ports[0].number if piece.ports else 0,
            sorted((entry.address, bool(entry.flags & READY)) for entry in piece.endpoints),
        )
        for piece in read_legacy(found)
    ]


HTTP = {"name": "http", "port": 8080}


def test_subsets_are_addresses_times_ports() -> None:
    """One slice per port and family, ready and not ready together."""
    assert legacy(
        {
            "addresses": [address("10.0.0.1"), address("fd00::1")],
            "notReadyAddresses": [address("10.0.0.2")],
            "ports": [HTTP, {"name": "dns", "port": 53, "protocol": "UDP"}],
        }
    ) == [
        ("IPv4", "http", 8080, [("10.0.0.1", True), ("10.0.0.2", False)]),
        ("IPv6", "http", 8080, [("fd00::1", True)]),
        ("IPv4", "dns", 53, [("10.0.0.1", True), ("10.0.0.2", False)]),
        ("IPv6", "dns", 53, [("fd00::1", True)]),
    ]


def test_not_ready_trumps_ready_for_one_address_pod_and_port() -> None:
    """The other way round than in slices, whichever subset comes first."""
    ready = {"addresses": [address("10.0.0.1", "p")], "ports": [HTTP]}
    unready = {"notReadyAddresses": [address("10.0.0.1", "p")], "ports": [HTTP]}
    both = {**ready, **unready}
    for subsets in ((ready, unready), (unready, ready), (both,), (both, ready)):
        assert legacy(*subsets) == [("IPv4", "http", 8080, [("10.0.0.1", False)])]


def test_two_pods_with_one_address_are_two_entries() -> None:
    """Only the same Pod is the same entry: an address in use again is ready if its new Pod is."""
    assert legacy(
        {
            "addresses": [address("10.0.0.1", "new")],
            "notReadyAddresses": [address("10.0.0.1", "old")],
            "ports": [HTTP],
        }
    ) == [("IPv4", "http", 8080, [("10.0.0.1", False), ("10.0.0.1", True)])]


def test_one_address_may_be_ready_for_one_port_only() -> None:
    """Each port stands by itself."""
    assert legacy(
        {"addresses": [address("10.0.0.1", "p")], "ports": [{"name": "a", "port": 1}]},
        {"notReadyAddresses": [address("10.0.0.1", "p")], "ports": [{"name": "b", "port": 2}]},
    ) == [
        ("IPv4", "a", 1, [("10.0.0.1", True)]),
        ("IPv4", "b", 2, [("10.0.0.1", False)]),
    ]


def test_addresses_without_ports_stand_alone() -> None:
    """A headless Service without ports has addresses all the same; no subsets give no slices."""
    assert legacy({"addresses": [address("10.0.0.1")]}) == [("IPv4", "-", 0, [("10.0.0.1", True)])]
    assert legacy() == []
    assert legacy({"ports": [HTTP]}) == []
