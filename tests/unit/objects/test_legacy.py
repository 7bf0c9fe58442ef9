from __future__ import annotations

from typing import Any

import pytest

from exporter.objects.legacy import Endpoints, LegacyAddress, Subset, tell_as_slices
from exporter.objects.slices import READY, SlicePort
from tests.unit.apiserver import Json, decode, endpoints_of


def read(found: Json) -> Endpoints:
    """The object, which is no Rejected."""
    decoded = decode(found)
    assert isinstance(decoded, Endpoints), decoded
    return decoded


def test_subsets_come_through() -> None:
    """Addresses with Node, Pod and uid, and ports with their defaults."""
    found = read(
        endpoints_of(
            {
                "addresses": [
                    {
                        "ip": "010.0.0.1",
                        "nodeName": "n1",
                        "targetRef": {"kind": "Pod", "name": "p", "uid": "u"},
                    }
                ],
                "notReadyAddresses": [{"ip": "::ffff:10.0.0.2", "nodeName": ""}],
                "ports": [{"port": 80}, {"name": "dns", "protocol": "UDP", "port": 53}],
            }
        )
    )
    assert found.subsets == (
        Subset(
            ready=(LegacyAddress("10.0.0.1", "u", "n1", "p"),),
            not_ready=(LegacyAddress("10.0.0.2", "", "", ""),),
            ports=(SlicePort("", "TCP", 80), SlicePort("dns", "UDP", 53)),
        ),
    )


@pytest.mark.parametrize("subsets", [None, []])
def test_no_subsets(subsets: list[Any] | None) -> None:
    """The controller leaves `subsets` away when there is nothing."""
    found = endpoints_of()
    found["subsets"] = subsets
    assert read(found).subsets == ()
    del found["subsets"]
    assert read(found).subsets == ()


def test_empty_and_null_lists_in_a_subset_are_none() -> None:
    """A subset may have addresses of one kind only, and no ports."""
    found = read(endpoints_of({"addresses": None, "ports": None}, {}))
    assert found.subsets == (Subset((), (), ()), Subset((), (), ()))


@pytest.mark.parametrize(
    "annotations,leader,truncated",
    [
        (None, False, False),
        ({}, False, False),
        ({"control-plane.alpha.kubernetes.io/leader": "{}"}, True, False),
        ({"endpoints.kubernetes.io/over-capacity": "truncated"}, False, True),
        ({"endpoints.kubernetes.io/over-capacity": "warning"}, False, False),
    ],
)
def test_annotations(annotations: Json | None, leader: bool, truncated: bool) -> None:
    """Leader election records are marked, and only `truncated` means truncated."""
    found = read(endpoints_of(annotations=annotations))
    assert (found.leader, found.truncated) == (leader, truncated)


# ── told as slices (D5) ──────────────────────────────────────────────────────────────────────


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
        for piece in tell_as_slices(found)
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
    """A headless Service without ports has addresses all the same; none give one empty slice."""
    alone = [("10.0.0.1", True)]
    assert legacy({"addresses": [address("10.0.0.1")]}) == [("IPv4", "-", 0, alone)]
    assert legacy() == [("IPv4", "-", 0, [])]
    assert legacy({"ports": [HTTP]}) == [("IPv4", "-", 0, [])]
