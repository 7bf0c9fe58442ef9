"""What an index costs: counted in comparisons, so that no machine's speed decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from exporter.cluster import Cluster, Dirty
from exporter.cluster import pods as pod_index
from exporter.cluster.cluster import STRIDE
from exporter.cluster.links import Links
from exporter.model import Delete, Forget, ObjectKey, Replace, ServiceKey, Upsert
from tests.big import Big, build
from tests.unit.apiserver import at_version, decode, node, pod, replaces, service, slice_of, upsert

Json = dict[str, Any]


class Counted:
    """How often something was called."""

    def __init__(self) -> None:
        self.calls = 0

    def counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted."""

        def called(*given: Any) -> Any:
            self.calls += 1
            return function(*given)

        return called


@pytest.fixture
def matches(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """How often a selector was compared with labels."""
    counted = Counted()
    monkeypatch.setattr(pod_index, "selects", counted.counting(pod_index.selects))
    return counted


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """How often an object's change went through the indexes."""
    counted = Counted()
    monkeypatch.setattr(Links, "put", counted.counting(Links.put))
    return counted


def filled(big: Big, *order: str) -> Cluster:
    """A cluster that read its resources in this order."""
    cluster = Cluster()
    for resource in order:
        objects = big.slices if resource == "endpointslices" else getattr(big, resource)
        cluster.apply(Replace(resource, "", objects))
    return cluster


def selected(cluster: Cluster, big: Big) -> list[int]:
    """How many Pods each Service selects."""
    views = (cluster.view(ServiceKey(one.namespace, one.name)) for one in big.services)
    return [len(view.pods.selected) for view in views if view is not None and view.pods]


def shared(number: int) -> dict[str, str]:
    """A selector of which one pair is everybody's."""
    return {"app": f"app-{number}", "tier": "web"}


def crossed(number: int) -> dict[str, str]:
    """A selector of which each pair is shared by many."""
    return {"row": f"r{number % 20}", "column": f"c{number // 20}"}


@pytest.mark.parametrize("selector", [shared, crossed])
def test_selectors_that_share_pairs_cost_no_more(
    selector: Callable[[int], dict[str, str]], matches: Counted
) -> None:
    """A label set is compared with the few Services of its rarest pair, not with all of them."""
    own = build(400, 5, namespaces=1)
    filled(own, "services", "pods")
    usual, matches.calls = matches.calls, 0
    big = build(400, 5, namespaces=1, selector=selector)
    cluster = filled(big, "services", "pods")
    assert matches.calls <= (2 if selector is shared else 25) * usual
    assert selected(cluster, big) == [5] * 400


def test_services_after_their_pods_cost_what_the_usual_order_costs(matches: Counted) -> None:
    """400 Services that find 2,000 Pods of their namespace there compare no more than usual."""
    big = build(400, 5, namespaces=1, selector=shared)
    usual = filled(big, "services", "pods")
    first, matches.calls = matches.calls, 0
    late = filled(big, "pods", "services")
    assert matches.calls <= 1.3 * first
    assert selected(usual, big) == selected(late, big) == [5] * 400


def test_a_pod_event_compares_nothing(matches: Counted) -> None:
    """The label set was matched when its first Pod came."""
    big = build(400, 5, namespaces=1, selector=shared)
    cluster = filled(big, "services", "pods")
    matches.calls = 0
    changed = msgspec.structs.replace(big.pods[0], resource_version="new", ip="10.9.9.9")
    assert cluster.apply(Upsert("pods", changed)).services == {ServiceKey("ns-0", "service-0")}
    assert matches.calls == 0


def test_a_relist_of_the_same_goes_through_no_index(links: Counted) -> None:
    """After a 410 everything is listed again: what has the same version costs a lookup."""
    big = build(50, 5)
    cluster = filled(big, "services", "endpointslices", "pods", "nodes")
    links.calls = 0
    for resource in ("services", "pods", "nodes"):
        assert cluster.apply(Replace(resource, "", getattr(big, resource))) == Dirty()
    assert links.calls == 0
    assert cluster.apply(Replace("pods", "", big.pods[1:])).services
    assert links.calls == 1


def drive(work: Iterator[None]) -> int:
    """How many steps work has."""
    return sum(1 for _ in work)


def test_long_changes_pause() -> None:
    """A list applied, a resource forgotten and Nodes resolved are many short steps."""
    big, dirty = build(500, 4), Dirty()
    cluster = Cluster()
    pods = len(big.pods) // STRIDE
    assert drive(cluster.take(Replace("services", "", big.services), dirty)) >= 500 // STRIDE
    assert drive(cluster.take(Replace("pods", "", big.pods), dirty)) >= pods
    assert drive(cluster.take(Replace("pods", "", big.pods), dirty)) >= pods
    assert drive(cluster.take(Forget("pods", ""), dirty)) >= pods
    assert drive(cluster.take(Replace("pods", "", big.pods), dirty)) >= pods
    assert drive(cluster.take(Replace("services", "", ()), dirty)) >= 500 // STRIDE
    assert drive(cluster.take(Replace("services", "", big.services), dirty)) >= 500 // STRIDE
    assert drive(cluster.resolve(dirty)) >= 50  # one a namespace


def test_nodes_are_resolved_once_for_all_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look for the Pods of Nodes is a walk over all Pods: once for a hundred of them."""
    big, walks = build(20, 10), Counted()
    cluster = filled(big, "services", "pods", "nodes")
    monkeypatch.setattr(pod_index.PodIndex, "on_nodes", walks.counting(pod_index.PodIndex.on_nodes))
    dirty = Dirty()
    for number in range(100):
        drive(cluster.take(Delete("nodes", ObjectKey("", f"node-{number}")), dirty))
    assert dirty.services == set()
    drive(cluster.resolve(dirty))
    assert walks.calls == 1
    assert len(dirty.services) == 10  # of 10 Pods each, on a Node each
    assert not dirty.unresolved


def workload(kind: str, version: str, *, ready: int = 0) -> Json:
    """A workload of the Pods of d/s."""
    return {
        "kind": kind,
        "metadata": {"name": "w", "namespace": "d", "resourceVersion": version},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": "s"}}}},
        "status": {"readyReplicas": ready, "observedGeneration": ready},
    }


def heartbeat(found: Json) -> Json:
    """The same object once more, with another version and what its writers keep moving."""
    fresh = at_version(found, "next")
    fresh["metadata"]["managedFields"] = []
    if found["kind"] == "Pod":
        fresh["status"]["conditions"][0]["lastProbeTime"] = "2026-01-01T00:00:00Z"
    return fresh


@pytest.mark.parametrize(
    "found",
    [
        service(),
        slice_of(),
        pod("p", "10.0.0.1", app="s"),
        node("n1"),
        {
            "kind": "Ingress",
            "metadata": {"name": "i", "namespace": "d", "resourceVersion": "1"},
            "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}},
        },
        workload("Deployment", "1"),
        workload("StatefulSet", "1"),
    ],
    ids=lambda found: found["kind"],
)
def test_what_is_equal_but_for_its_version_touches_nothing(found: Json, links: Counted) -> None:
    """Heartbeats cost a comparison, whatever resource they are of."""
    cluster = Cluster()
    for change in replaces([service(), found], "services", "endpointslices", "pods", "nodes"):
        cluster.apply(change)
    cluster.apply(upsert(found))
    links.calls = 0
    assert cluster.apply(upsert(heartbeat(found))) == Dirty()
    assert links.calls == 0


def test_a_node_whose_readiness_flips_touches_nothing() -> None:
    """No number and no reason asks for it; the Pods on it tell for themselves."""
    cluster = Cluster()
    first, second = service(), service("t", internalTrafficPolicy="Local")
    for change in replaces(
        [first, second, pod("p", "10.0.0.1", app="s"), node("n1")], "pods", "nodes"
    ):
        cluster.apply(change)
    known: Any = decode(node("n1"))
    flipped = msgspec.structs.replace(known, ready=not known.ready, resource_version="2")
    assert cluster.apply(Upsert("nodes", flipped)) == Dirty()
    view = cluster.view(ServiceKey("d", "s"))
    assert view is not None
    assert view.nodes is not None
    assert view.nodes["n1"] is flipped


def test_new_zones_touch_every_service() -> None:
    """Who is promised an endpoint in each zone looks at the zones there are."""
    cluster = Cluster()
    for change in replaces([service(), service("t"), node("n1", zone="a")], "nodes"):
        cluster.apply(change)
    known: Any = decode(node("n2"))
    here = msgspec.structs.replace(known, zone="z")
    both = {ServiceKey("d", "s"), ServiceKey("d", "t")}
    assert cluster.apply(Upsert("nodes", here)).services == both
    again = msgspec.structs.replace(here, name="n3")
    assert cluster.apply(Upsert("nodes", again)).services == set()
    assert cluster.apply(Delete("nodes", ObjectKey("", "n3"))).services == set()
    assert cluster.apply(Delete("nodes", ObjectKey("", "n2"))).services == both


def test_what_came_and_went_leaves_nothing_behind() -> None:
    """Namespaces that come and go leave no empty place in any index."""
    cluster = Cluster()
    big = build(20, 3, namespaces=20)
    for resource in ("services", "endpointslices", "pods", "nodes"):
        cluster.apply(Replace(resource, "", ()))
    empty = sizes(cluster)
    for order in (("services", "endpointslices", "pods"), ("pods", "endpointslices", "services")):
        for resource in order:
            objects: Any = big.slices if resource == "endpointslices" else getattr(big, resource)
            for found in objects:
                cluster.apply(Upsert(resource, found))
        for resource in order:
            objects = big.slices if resource == "endpointslices" else getattr(big, resource)
            for found in objects:
                cluster.apply(Delete(resource, ObjectKey(found.namespace, found.name)))
        assert sizes(cluster) == empty
    cluster.apply(upsert(workload("Deployment", "1")))
    cluster.apply(Delete("deployments", ObjectKey("d", "w")))
    assert sizes(cluster) == empty


def sizes(cluster: Cluster) -> dict[str, int]:
    """How much each table of the cluster holds, seen from inside."""
    links = cluster._links
    held: dict[str, Any] = {
        "slices": links.slices._slices,
        "odd": links.slices._odd,
        "local": links.local,
        "population": links.population,
        "nodes": links.nodes._zones,
        **{f"pods{name}": table for name, table in vars(links.pods).items()},
        **{f"of {name}": store._held for name, store in cluster._stores.items()},
    }
    return {name: len(table) for name, table in held.items()}
