from __future__ import annotations

import pytest

from exporter.cluster.pods import PodIndex, selects
from exporter.model import ServiceKey
from exporter.objects.pods import Pod
from tests.unit.apiserver import decode, pod

S = ServiceKey("d", "s")
T = ServiceKey("d", "t")


def a_pod(name: str = "p", namespace: str = "d", *, node: str = "", **labels: str) -> Pod:
    """A Pod with these labels."""
    found = pod(name, "", namespace, **labels)
    if not labels:
        found["metadata"]["labels"] = None
    found["spec"]["nodeName"] = node
    decoded = decode(found)
    assert isinstance(decoded, Pod)
    return decoded


def names(index: PodIndex, key: ServiceKey) -> set[str]:
    """The names of the Pods that a Service selects."""
    return {found.name for found in index.selected(key)}


def on_nodes(index: PodIndex, *nodes: str) -> set[ServiceKey]:
    """The Services that select a Pod on one of these Nodes."""
    found: set[ServiceKey] = set()
    for _ in index.on_nodes(set(nodes), found):
        pass
    return found


@pytest.mark.parametrize(
    "selector,labels,expected",
    [
        ({}, {}, False),
        ({}, {"app": "s"}, False),
        ({"app": "s"}, {}, False),
        ({"app": "s"}, {"app": "s"}, True),
        ({"app": "s"}, {"app": "s", "tier": "web"}, True),
        ({"app": "s"}, {"app": "S"}, False),
        ({"app": "s", "tier": "web"}, {"app": "s"}, False),
        ({"app": ""}, {"app": ""}, True),
        ({"app": ""}, {}, False),
    ],
)
def test_all_pairs_must_match(
    selector: dict[str, str], labels: dict[str, str], expected: bool
) -> None:
    """Equality of every pair; an empty selector selects nothing."""
    assert selects(selector, labels) is expected


def test_it_does_not_matter_which_comes_first() -> None:
    """A Pod before its Service and a Service before its Pod end in the same."""
    pods_first, services_first = PodIndex(), PodIndex()
    assert pods_first.put_pod(None, a_pod(app="s")) == set()
    pods_first.put_service(S, {"app": "s"})
    services_first.put_service(S, {"app": "s"})
    assert services_first.put_pod(None, a_pod(app="s")) == {S}
    assert names(pods_first, S) == names(services_first, S) == {"p"}


def test_a_pod_of_another_namespace_is_not_selected() -> None:
    """Selectors end at the namespace."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    assert index.put_pod(None, a_pod(namespace="e", app="s")) == set()
    assert names(index, S) == set()


def test_a_pod_that_changes_its_labels_changes_services() -> None:
    """Both the Service it leaves and the one it joins are concerned."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    index.put_service(T, {"app": "t"})
    old, new = a_pod(app="s"), a_pod(app="t")
    index.put_pod(None, old)
    assert index.put_pod(old, new) == {S, T}
    assert (names(index, S), names(index, T)) == (set(), {"p"})


def test_a_pod_that_loses_its_labels_is_selected_no_more() -> None:
    """A Pod taken out of traffic by its label is gone from the Service."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    old = a_pod(app="s")
    index.put_pod(None, old)
    assert index.put_pod(old, a_pod()) == {S}
    assert names(index, S) == set()


def test_a_pod_that_changes_otherwise_is_the_new_one() -> None:
    """The Service sees the Pod as it is now."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    old = a_pod(app="s")
    index.put_pod(None, old)
    assert index.put_pod(old, a_pod(node="n1", app="s")) == {S}
    assert [found.node for found in index.selected(S)] == ["n1"]


def test_a_pod_that_goes_is_gone() -> None:
    """Its Service is concerned, and a Service that comes later finds nothing of it."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    old = a_pod(app="s")
    index.put_pod(None, old)
    assert index.put_pod(old, None) == {S}
    index.put_service(T, {"app": "s"})
    assert (names(index, S), names(index, T)) == (set(), set())


def test_one_pod_may_have_several_services() -> None:
    """A headless twin and a Service with fewer pairs select the same Pod."""
    index = PodIndex()
    index.put_service(S, {"app": "s", "tier": "web"})
    index.put_service(T, {"app": "s"})
    assert index.put_pod(None, a_pod(app="s", tier="web")) == {S, T}
    assert index.put_pod(None, a_pod("q", app="s")) == {T}
    assert (names(index, S), names(index, T)) == ({"p"}, {"p", "q"})


@pytest.mark.parametrize("selector", [{}, {"app": "other"}, {"app": "s", "zone": "a"}])
def test_a_selector_that_changes_selects_anew(selector: dict[str, str]) -> None:
    """What the old selector matched is forgotten, and coming back finds it again."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    index.put_pod(None, a_pod(app="s"))
    index.put_pod(None, a_pod("o", app="other"))
    index.put_service(S, selector)
    assert names(index, S) == ({"o"} if selector == {"app": "other"} else set())
    assert index.match("d", {"app": "s"}) == set()
    index.put_service(S, {"app": "s"})
    assert names(index, S) == {"p"}


def test_pods_on_a_node() -> None:
    """The Services that have a Pod on a Node, for the Node's own changes."""
    index = PodIndex()
    index.put_service(S, {"app": "s"})
    index.put_service(T, {"app": "t"})
    index.put_pod(None, a_pod("p", node="n1", app="s"))
    index.put_pod(None, a_pod("q", node="n2", app="t"))
    assert on_nodes(index, "n1") == {S}
    assert on_nodes(index, "n3") == set()
