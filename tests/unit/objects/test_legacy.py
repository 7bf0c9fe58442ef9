from __future__ import annotations

from typing import Any

import pytest

from exporter.objects.legacy import Endpoints, LegacyAddress, Subset
from exporter.objects.slices import SlicePort
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
