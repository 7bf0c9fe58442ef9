from __future__ import annotations

from itertools import permutations, product

import pytest

from exporter.analysis.families import reported_families, usable_families
from exporter.analysis.merge import (
    merge_pairs,
    merge_slices,
    routed_slices,
)
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice
from tests.unit.apiserver import Json, decode, endpoint, headless, service, slice_of

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
