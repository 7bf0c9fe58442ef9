from __future__ import annotations

import pytest

from exporter.model import Source, Topology
from tests.unit.apiserver import (
    Json,
    endpoint,
    endpoints_of,
    headless,
    node,
    report_of,
    service,
    slice_of,
)

LOCAL = service(internalTrafficPolicy="Local")


def located(*endpoints: Json, of: Json | None = None, nodes: tuple[Json, ...] = ()) -> Topology:
    """The topology of a Service with these endpoints; Nodes are readable when there are any."""
    found = report_of(of or service(), slice_of(*endpoints), *nodes).topology
    assert found is not None
    return found


def test_zones_and_nodes_of_ready_addresses() -> None:
    """The unready don't count; the unknown zone is kept apart and the unknown Node left out."""
    found = located(
        endpoint(".1", zone="a", nodeName="n1"),
        endpoint(".2", zone="a", nodeName="n1"),
        endpoint(".3", zone="b", nodeName="n2"),
        endpoint(".4", "FFF", zone="c", nodeName="n3"),
        endpoint(".5"),
    )
    assert found == Topology(
        nodes=2,
        zones=(("", 1), ("a", 2), ("b", 1)),
        hinted=0,
        without_local=None,
        survives_node=True,
        survives_zone=True,
    )


def test_nothing_ready_is_nowhere() -> None:
    """No zone has an address, not even the unknown one."""
    assert located(endpoint(".1", "FTT", zone="a")) == Topology(0, (), 0, None)


def test_hints_count_on_ready_addresses_alone() -> None:
    """Zone or node hints; controllers may leave them on endpoints that are not ready."""
    zone = {"forZones": [{"name": "a"}]}
    both = {**zone, "forNodes": [{"name": "n1"}]}
    found = located(
        endpoint(".1", hints=zone),
        endpoint(".2", hints=both),
        endpoint(".3", hints={}),
        endpoint(".4", "FFF", hints=zone),
    )
    assert found.hinted == 2


def test_an_address_is_where_the_entry_that_speaks_for_it_is() -> None:
    """Of duplicates only the stronger says where the address is."""
    report = report_of(
        service(),
        slice_of(endpoint(".1", "FTT", zone="a", nodeName="n1")),
        slice_of(endpoint(".1", zone="b", nodeName="n2"), name="s-2"),
    )
    assert report.topology == Topology(
        1, (("b", 1),), 0, None, survives_node=False, survives_zone=False
    )


def test_nodes_that_drop_local_traffic() -> None:
    """Schedulable Nodes without a ready endpoint of their own, under Local alone."""
    nodes = (node("n1"), node("n2"), node("n3", cordoned=True), node("n4"))
    endpoints = (endpoint(".1", nodeName="n1"), endpoint(".2", "FFF", nodeName="n2"))
    assert located(*endpoints, of=LOCAL, nodes=nodes).without_local == 2
    assert located(*endpoints, of=service(), nodes=nodes).without_local is None


def test_without_nodes_readable_nobody_knows() -> None:
    """What depends on Nodes is unknown, not zero."""
    assert located(endpoint(".1", nodeName="n1"), of=LOCAL).without_local is None


def test_legacy_endpoints_know_nodes_but_no_zones() -> None:
    """Zones and hints are unknown there."""
    found = endpoints_of(
        {
            "addresses": [{"ip": "10.0.0.1", "nodeName": "n1"}],
            "ports": [{"name": "http", "port": 8080}],
        }
    )
    report = report_of(service(), found, source=Source.ENDPOINTS)
    assert report.topology == Topology(1, None, None, None, survives_node=False)


def at(*places: str) -> tuple[Json, ...]:
    """Ready endpoints, each on a Node and in a zone as `n1/a` says; "-" has neither."""
    return tuple(endpoint(f".{number}", **_place(place)) for number, place in enumerate(places, 1))


def _place(place: str) -> Json:
    node_name, _, zone = place.partition("/")
    placed = {"nodeName": node_name, "zone": zone}
    return {key: value for key, value in placed.items() if value not in ("", "-")}


@pytest.mark.parametrize(
    "endpoints,survives_node,survives_zone",
    [
        (at("n1/a", "n2/b"), True, True),
        (at("n1/a", "n2/a"), True, False),
        (at("n1/a", "n1/a"), False, False),
        (at("n1/a"), False, False),
        (at("n1", "n2"), True, None),
        (at("n1/a", "-"), None, None),
        (at("n1/a", "n2/b", "-"), True, True),
        (at("-", "-"), None, None),
        ((endpoint(".1", "FTT", zone="a", nodeName="n1"),), None, None),
        ((), None, None),
    ],
)
def test_what_the_loss_of_one_node_or_zone_leaves(
    endpoints: tuple[Json, ...], survives_node: bool | None, survives_zone: bool | None
) -> None:
    """Two known places outlive the loss of one; one place and an unknown one: nobody knows."""
    found = located(*endpoints)

    assert (found.survives_node, found.survives_zone) == (survives_node, survives_zone)


def test_only_what_traffic_reaches_survives() -> None:
    """A ready endpoint that no port leads to outlives nothing."""
    ready: Json = {"ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}
    report = report_of(
        service(),
        slice_of(*at("n1/a"), **ready),
        slice_of(endpoint(".9", nodeName="n2", zone="b"), name="s-2", ports=None),
    )

    assert report.topology is not None
    assert report.topology.nodes == 2
    assert (report.topology.survives_node, report.topology.survives_zone) == (False, False)


def test_a_headless_service_needs_no_port_to_survive() -> None:
    """Its addresses are handed out whatever its ports say."""
    report = report_of(headless(ports=None), slice_of(*at("n1/a", "n2/a"), ports=None))

    assert report.topology is not None
    assert (report.topology.survives_node, report.topology.survives_zone) == (True, False)
