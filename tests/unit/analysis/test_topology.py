from __future__ import annotations

from exporter.model import Source, Topology
from tests.unit.apiserver import Json, endpoint, endpoints_of, node, report_of, service, slice_of

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
        nodes=2, zones=(("", 1), ("a", 2), ("b", 1)), hinted=0, without_local=None
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
    assert report.topology == Topology(1, (("b", 1),), 0, None)


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
        {"addresses": [{"ip": "10.0.0.1", "nodeName": "n1"}], "ports": [{"port": 80}]}
    )
    report = report_of(service(), found, source=Source.ENDPOINTS)
    assert report.topology == Topology(1, None, None, None)
