from __future__ import annotations

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.resources import SLICES
from exporter.objects.slices import (
    NODE_HINT,
    READY,
    SERVING,
    TERMINATING,
    ZONE_HINT,
    Endpoint,
    EndpointSlice,
    SlicePort,
)
from tests.unit.apiserver import Json, decode, endpoint, placeholder, slice_of


def read(found: Json) -> EndpointSlice:
    """The object, which is no Rejected."""
    decoded = decode(found)
    assert isinstance(decoded, EndpointSlice), decoded
    return decoded


def read_one(found: Json) -> Endpoint:
    """The endpoint, read as the only one of a slice."""
    [one] = read(slice_of(found)).endpoints
    return one


@pytest.mark.parametrize(
    "conditions,flags",
    [
        ({"ready": True, "serving": True, "terminating": False}, READY | SERVING),
        ({"ready": False, "serving": False, "terminating": False}, 0),
        ({"ready": False, "serving": True, "terminating": True}, SERVING | TERMINATING),
        ({"ready": True, "serving": False, "terminating": True}, READY | TERMINATING),
        ({}, READY | SERVING),
        (None, READY | SERVING),
        ({"ready": None, "serving": None, "terminating": None}, READY | SERVING),
        ({"ready": False}, SERVING),
        ({"ready": True}, READY | SERVING),
        ({"serving": False}, READY),
        ({"terminating": True}, READY | SERVING | TERMINATING),
    ],
)
def test_unset_conditions_have_their_meaning(conditions: Json | None, flags: int) -> None:
    """Unset ready and serving are true, unset terminating is false (discovery/v1 API text)."""
    assert read_one({"addresses": ["10.0.0.1"], "conditions": conditions}).flags == flags


def test_absent_conditions_are_unset() -> None:
    """An endpoint without any conditions is ready and serving."""
    assert read_one({"addresses": ["10.0.0.1"]}).flags == READY | SERVING


def test_only_the_first_address_has_a_meaning() -> None:
    """Further addresses of an endpoint are left out, and the first is canonical."""
    assert read_one({"addresses": ["010.0.0.1", "10.0.0.2"]}).address == "10.0.0.1"


@pytest.mark.parametrize("found", [{"addresses": []}, {"addresses": None}, {}])
def test_an_endpoint_without_address_is_left_out(found: Json) -> None:
    """kube-proxy ignores it, and so does every count."""
    assert read(slice_of(found, endpoint(".2"))).endpoints == (read_one(endpoint(".2")),)


def test_a_name_is_no_address() -> None:
    """FQDN endpoints keep their spelling, even one that looks like a sloppy address."""
    found = read(slice_of({"addresses": ["010.0.0.1"]}, addressType="FQDN"))
    assert [entry.address for entry in found.endpoints] == ["010.0.0.1"]


def test_where_an_endpoint_is() -> None:
    """Node, zone and Pod come through; a target that is no Pod has no Pod's name."""
    found = endpoint(".1", nodeName="n1", zone="a")
    assert read_one(found) == Endpoint("10.0.0.1", READY | SERVING, "n1", "a", "pod-10.0.0.1")
    other = {**found, "targetRef": {"kind": "VirtualMachine", "name": "vm"}}
    assert read_one(other).pod == ""
    assert read_one({**found, "targetRef": None, "nodeName": None, "zone": None}) == Endpoint(
        "10.0.0.1", READY | SERVING, "", "", ""
    )


@pytest.mark.parametrize(
    "hints,flags,zones,nodes",
    [
        (None, 0, (), ()),
        ({}, 0, (), ()),
        ({"forZones": None, "forNodes": []}, 0, (), ()),
        ({"forZones": [{"name": "a"}, {"name": "b"}]}, ZONE_HINT, ("a", "b"), ()),
        ({"forNodes": [{"name": "n1"}]}, NODE_HINT, (), ("n1",)),
        (
            {"forZones": [{"name": "a"}], "forNodes": [{"name": "n1"}]},
            ZONE_HINT | NODE_HINT,
            ("a",),
            ("n1",),
        ),
        ({"forZones": [{"name": None}]}, ZONE_HINT, ("",), ()),
    ],
)
def test_hints(
    hints: Json | None, flags: int, zones: tuple[str, ...], nodes: tuple[str, ...]
) -> None:
    """Zone and node hints are flags and names; null, absent and empty are none."""
    found = read_one(endpoint(".1", hints=hints))
    assert (found.flags & ~(READY | SERVING), found.zones, found.nodes) == (flags, zones, nodes)


@pytest.mark.parametrize(
    "ports,expected",
    [
        (None, ()),
        ([], ()),
        ([{}], (SlicePort("", "TCP", 0),)),
        ([{"name": None, "protocol": None, "port": None}], (SlicePort("", "TCP", 0),)),
        (
            [{"name": "dns", "port": 53, "protocol": "UDP"}, {"port": 80}],
            (SlicePort("dns", "UDP", 53), SlicePort("", "TCP", 80)),
        ),
    ],
)
def test_ports_have_their_defaults(ports: object, expected: tuple[SlicePort, ...]) -> None:
    """An absent name is empty, an absent protocol TCP, an absent number 0."""
    assert read(slice_of(ports=ports)).ports == expected


def test_a_placeholder_has_nothing() -> None:
    """The API writes null for the empty lists of a placeholder slice."""
    found = read(placeholder())
    assert (found.endpoints, found.ports, found.service) == ((), (), "s")


def test_what_labels_and_annotations_say() -> None:
    """Service, manager, headless mark, truncation, trigger time and owners are read."""
    found = read(
        slice_of(
            labels={"service.kubernetes.io/headless": ""},
            metadata={
                "annotations": {
                    "endpoints.kubernetes.io/last-change-trigger-time": "2023-11-14T22:13:20.5Z",
                    "endpoints.kubernetes.io/over-capacity": "truncated",
                },
                "managedFields": [{"time": "2023-11-14T22:13:59Z"}],
            },
        )
    )
    assert (found.service, found.managed_by) == ("s", "endpointslice-controller.k8s.io")
    assert found.headless
    assert found.truncated
    assert (found.triggered, found.changed) == (1700000000.5, 1700000000.5)


def test_without_a_trigger_time_the_last_write_counts() -> None:
    """Changes without a trigger carry no annotation: the managed fields tell when, or nobody."""
    written = slice_of(metadata={"managedFields": [{"time": "2023-11-14T22:13:59Z"}]})
    assert (read(written).triggered, read(written).changed) == (None, 1700000039.0)
    assert (read(slice_of()).triggered, read(slice_of()).changed) == (None, None)


def test_without_labels_it_belongs_to_nobody() -> None:
    """No link to a Service is "", no manager is None."""
    raw = b'{"metadata": {"name": "x", "labels": null}, "addressType": "IPv4"}'
    found = decode_object(SLICES, raw)
    assert isinstance(found, EndpointSlice)
    assert (found.service, found.managed_by, found.headless) == ("", None, False)


def test_endpoints_of_a_long_slice_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long slice that comes again, the endpoints that stayed are the same objects."""
    # Short ones are decoded as they are: to remember them would cost more than it saves.
    from exporter.objects import slices  # noqa: PLC0415  # its table, seen from inside

    monkeypatch.setattr(slices, "_SEEN", {})
    many = [endpoint(f"10.1.{number // 250}.{number % 250}") for number in range(400)]
    fallen = [*many[:7], endpoint("10.1.0.7", "FFF"), *many[8:]]

    def read_again(entries: list[Json]) -> tuple[Endpoint, ...]:
        found = decode_object(SLICES, msgspec.json.encode(slice_of(*entries)), again=True)
        assert isinstance(found, EndpointSlice)
        assert found == read(slice_of(*entries))
        return found.endpoints

    first, second = read_again(many), read_again(fallen)
    assert [at for at in range(400) if first[at] is not second[at]] == [7]
    assert (first[7].flags, second[7].flags) == (READY | SERVING, 0)
    held = len(slices._SEEN)
    read_again(many[:3])
    assert len(slices._SEEN) == held == 401
