from __future__ import annotations

import pytest

from exporter.cluster import Cluster, Dirty
from exporter.model import Delete, Forget, NamespaceReport, ServiceKey, Source
from exporter.objects.slices import SERVICE_NAME_LABEL
from tests.unit.apiserver import (
    KEY,
    Json,
    at_version,
    endpoint,
    endpoints_of,
    key_of,
    node,
    placeholder,
    pod,
    replace,
    replaces,
    resource_of,
    service,
    slice_of,
    upsert,
)

OTHER = ServiceKey("d", "t")


def cluster_of(*objects: Json, read: tuple[str, ...] = (), **options: object) -> Cluster:
    """A cluster that has listed Services, slices and what else is given."""
    cluster = Cluster(**options)  # type: ignore[arg-type]
    for change in replaces(objects, "services", "endpointslices", *read):
        cluster.apply(change)
    return cluster


def delete(found: Json) -> Delete:
    """The change that takes the object away."""
    return Delete(resource_of(found), key_of(found))


def slice_names(cluster: Cluster, key: ServiceKey = KEY) -> list[str] | None:
    """The slices of a Service, None when they can't be known."""
    view = cluster.view(key)
    assert view is not None
    return None if view.slices is None else sorted(piece.name for piece in view.slices)


# ── slices and their Services ────────────────────────────────────────────────────────────────


def test_slices_are_found_by_their_label() -> None:
    """A Service has the slices that name it in its own namespace, whatever they are called."""
    cluster = cluster_of(
        service(),
        slice_of(name="a"),
        slice_of(name="b"),
        slice_of(name="s", service="t"),
        slice_of(name="c", namespace="e"),
    )
    assert slice_names(cluster) == ["a", "b"]


def test_a_slice_may_come_before_its_service() -> None:
    """Resources are read independently: the order does not matter."""
    cluster = cluster_of()
    assert cluster.apply(upsert(slice_of())).services == {KEY}
    assert cluster.view(KEY) is None
    assert cluster.apply(upsert(service())).services == {KEY}
    assert slice_names(cluster) == ["s-1"]


def test_a_slice_can_move_to_another_service() -> None:
    """The label is mutable: both Services are touched, and the slice is with the new one."""
    cluster = cluster_of(service(), service("t"), slice_of())
    dirty = cluster.apply(upsert(at_version(slice_of(service="t"), "2")))
    assert dirty.services == {KEY, OTHER}
    assert (slice_names(cluster), slice_names(cluster, OTHER)) == ([], ["s-1"])


def test_a_slice_that_loses_its_label_is_nobodys() -> None:
    """Its Service loses it, and its namespace counts it as unlabelled until it is labelled."""
    cluster = cluster_of(service(), slice_of())
    dirty = cluster.apply(upsert(at_version(slice_of(service=None), "2")))
    assert KEY in dirty.services
    assert dirty.namespaces == {"d"}
    assert slice_names(cluster) == []
    assert cluster.namespace("d") == NamespaceReport("d", 0, 1, 0)
    cluster.apply(upsert(at_version(slice_of(), "3")))
    assert slice_names(cluster) == ["s-1"]
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)


def test_what_changes_nothing_touches_nothing() -> None:
    """Replays, relists and deletes of what is not there are no news."""
    objects = (service(), slice_of(endpoint(".1")), pod("p", "10.0.0.1"), node("n1"))
    cluster = cluster_of(*objects)
    for found in objects:
        assert cluster.apply(upsert(found)) == Dirty(), found["kind"]
        assert cluster.apply(replace(resource_of(found), found)) == Dirty(), found["kind"]
    assert cluster.apply(delete(slice_of(name="gone"))) == Dirty()


def test_objects_without_a_version_are_always_taken() -> None:
    """A dump may lack resourceVersions: then nothing says that an object is the same."""
    first, second = (at_version(slice_of(endpoint(n)), "") for n in (".1", ".2"))
    cluster = cluster_of(service(), first)
    cluster.apply(upsert(second))
    view = cluster.view(KEY)
    assert view is not None
    assert view.slices is not None
    assert [piece.endpoints[0].address for piece in view.slices] == ["10.0.0.2"]


def test_a_list_takes_away_what_it_does_not_hold() -> None:
    """After a relist only what was listed is left, and the Services concerned are touched."""
    cluster = cluster_of(service(), service("t"), slice_of(), slice_of(name="t-1", service="t"))
    dirty = cluster.apply(replace("endpointslices", slice_of()))
    assert dirty.services == {OTHER}
    assert (slice_names(cluster), slice_names(cluster, OTHER)) == (["s-1"], [])


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    """A scope takes away only what lies in it."""
    cluster = Cluster()
    for name in ("d", "e"):
        cluster.apply(replace("services", service(namespace=name), namespace=name))
    cluster.apply(replace("services", namespace="e"))
    assert list(cluster.services()) == [KEY]
    assert cluster.knows("services", "e")
    assert not cluster.knows("services", "f")


# ── what can't be read ───────────────────────────────────────────────────────────────────────


def test_before_the_first_list_nothing_is_known() -> None:
    """Slices that were not listed yet are unknown, not zero; listing them touches all Services."""
    cluster = Cluster()
    cluster.apply(replace("services", service()))
    assert slice_names(cluster) is None
    assert cluster.namespace("d") == NamespaceReport("d", None, None, None)
    dirty = cluster.apply(replace("endpointslices"))
    assert dirty == Dirty({KEY}, {"d"})
    assert slice_names(cluster) == []
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)


def test_what_is_forgotten_is_unknown_again() -> None:
    """A resource that may no longer be read leaves nothing behind to conclude from."""
    cluster = cluster_of(service(), slice_of(), pod("p", "10.0.0.1"), read=("pods", "nodes"))
    dirty = cluster.apply(Forget("endpointslices", ""))
    assert dirty == Dirty({KEY}, {"d"})
    assert slice_names(cluster) is None
    assert cluster.apply(Forget("pods", "")).services == {KEY}
    view = cluster.view(KEY)
    assert view is not None
    assert view.pods is None
    assert cluster.count("pods") == 0
    assert cluster.apply(Forget("pods", "")) == Dirty()


def test_forgetting_one_namespace_keeps_the_others() -> None:
    """Access may be lost namespace by namespace."""
    cluster = Cluster()
    for name in ("d", "e"):
        cluster.apply(replace("services", service(namespace=name), namespace=name))
        cluster.apply(replace("endpointslices", slice_of(namespace=name), namespace=name))
    dirty = cluster.apply(Forget("endpointslices", "d"))
    assert dirty.services == {KEY}
    assert slice_names(cluster) is None
    assert slice_names(cluster, ServiceKey("e", "s")) == ["s-1"]


def test_with_pods_unread_there_are_no_pods_to_judge_by() -> None:
    """Pods None says 'not readable'; an empty list says 'readable, and there is none'."""
    cluster = cluster_of(service())
    view = cluster.view(KEY)
    assert view is not None
    assert view.pods is None
    cluster.apply(replace("pods"))
    view = cluster.view(KEY)
    assert view is not None
    assert view.pods is not None
    assert view.pods.selected == ()
    assert view.pods.nodes is None


def test_nothing_is_held_of_denied_namespaces() -> None:
    """Their Services, slices and Pods are dropped on arrival, by event and by list."""
    cluster = cluster_of(
        service(), slice_of(), service(namespace="e"), denied_namespaces=("d", "f")
    )
    assert cluster.apply(upsert(service(namespace="f"))) == Dirty()
    assert cluster.apply(upsert(slice_of(namespace="f", endpoints=7))) == Dirty()
    assert list(cluster.services()) == [ServiceKey("e", "s")]
    assert list(cluster.namespaces()) == ["e"]
    assert list(cluster.broken()) == []


# ── odd slices ───────────────────────────────────────────────────────────────────────────────


def test_slices_of_no_service_are_orphaned() -> None:
    """They count until their Service comes, and again when it goes."""
    cluster = cluster_of(slice_of(name="a"), slice_of(name="b"))
    assert cluster.namespace("d") == NamespaceReport("d", 2, 0, 0)
    assert cluster.apply(upsert(service())).namespaces == {"d"}
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)
    assert cluster.apply(delete(service())).namespaces == {"d"}
    assert cluster.namespace("d") == NamespaceReport("d", 2, 0, 0)
    cluster.apply(delete(slice_of(name="a")))
    assert cluster.namespace("d") == NamespaceReport("d", 1, 0, 0)


@pytest.mark.parametrize("label", ["", None])
def test_slices_without_the_label_are_unlabelled(label: str | None) -> None:
    """An absent and an empty label are the same: kube-proxy ignores such a slice."""
    found = slice_of(service=None, labels={} if label is None else {SERVICE_NAME_LABEL: label})
    cluster = cluster_of(found)
    assert cluster.namespace("d") == NamespaceReport("d", 0, 1, 0)
    assert cluster.apply(delete(found)).namespaces == {"d"}
    assert cluster.namespace("d") is None


@pytest.mark.parametrize("change", [{"selector": None}, {"selector": {}}, {"type": "ExternalName"}])
def test_slices_that_the_controller_left_behind_are_frozen(change: Json) -> None:
    """Without a selector, or as an ExternalName, nobody updates the controller's slices."""
    cluster = cluster_of(
        service(), slice_of(), slice_of(name="mine", managed_by="me"), placeholder("s-2")
    )
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)
    dirty = cluster.apply(upsert(at_version(service(**change), "2")))
    assert dirty == Dirty({KEY}, {"d"})
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 2)
    cluster.apply(upsert(at_version(service(), "3")))
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)


def test_with_a_selector_on_services_a_missing_service_proves_nothing() -> None:
    """Not all Services are read, so orphans can't be known; the others can."""
    cluster = cluster_of(slice_of(), slice_of(name="u", service=None), partial=True)
    assert cluster.namespace("d") == NamespaceReport("d", None, 1, 0)


def test_without_services_read_orphans_are_unknown() -> None:
    """Slices may be listed before Services."""
    cluster = Cluster()
    cluster.apply(replace("endpointslices", slice_of()))
    assert cluster.namespace("d") == NamespaceReport("d", None, 0, None)
    dirty = cluster.apply(replace("services"))
    assert dirty.namespaces == {"d"}
    assert cluster.namespace("d") == NamespaceReport("d", 1, 0, 0)


def test_a_namespace_is_there_while_it_has_a_service_or_a_slice() -> None:
    """It comes with the first and goes with the last, and is touched both times."""
    cluster = cluster_of()
    assert cluster.apply(upsert(service())).namespaces == {"d"}
    assert cluster.apply(upsert(slice_of())).namespaces == set()
    cluster.apply(delete(service()))
    assert cluster.namespace("d") is not None
    assert cluster.apply(delete(slice_of())).namespaces == {"d"}
    assert cluster.namespace("d") is None
    assert list(cluster.namespaces()) == []


# ── Services ─────────────────────────────────────────────────────────────────────────────────


def test_a_service_created_again_is_another() -> None:
    """The same name with another uid, without a DELETED between, replaces the old one."""
    cluster = cluster_of(service())
    again = at_version(service(metadata={"uid": "new"}, selector={"app": "t"}), "2")
    assert cluster.apply(upsert(again)).services == {KEY}
    view = cluster.view(KEY)
    assert view is not None
    assert (view.service.uid, view.service.selector) == ("new", {"app": "t"})


def test_pods_follow_the_selector() -> None:
    """A Service whose selector changes sees other Pods, also those that came before."""
    cluster = cluster_of(
        service(), pod("p", "10.0.0.1", app="s"), pod("q", "10.0.0.2", app="t"), read=("pods",)
    )

    def selected() -> list[str]:
        view = cluster.view(KEY)
        assert view is not None
        assert view.pods is not None
        return [found.name for found in view.pods.selected]

    assert selected() == ["p"]
    cluster.apply(upsert(at_version(service(selector={"app": "t"}), "2")))
    assert selected() == ["q"]
    assert cluster.apply(upsert(at_version(pod("p", "10.0.0.1", app="t"), "2"))).services == {KEY}
    assert selected() == ["q", "p"]
    cluster.apply(delete(service()))
    assert cluster.apply(delete(pod("q"))).services == set()


# ── objects that can't be decoded ────────────────────────────────────────────────────────────


def test_a_broken_slice_marks_its_service_until_it_heals() -> None:
    """While one of its slices can't be read no number of a Service can be given."""
    cluster = cluster_of(service(), slice_of(name="a"), slice_of(name="b"))

    def broken() -> int:
        view = cluster.view(KEY)
        assert view is not None
        return view.broken

    assert cluster.apply(upsert(slice_of(name="a", endpoints=7))).services == {KEY}
    assert (broken(), slice_names(cluster)) == (1, ["b"])
    cluster.apply(upsert(slice_of(name="b", endpoints=7)))
    assert broken() == 2
    cluster.apply(upsert(slice_of(name="b", endpoints=8)))
    assert broken() == 2
    assert [found.name for found in cluster.broken()] == ["a", "b"]
    assert cluster.apply(upsert(slice_of(name="a"))).services == {KEY}
    assert (broken(), slice_names(cluster)) == (1, ["a"])
    assert cluster.apply(delete(slice_of(name="b"))).services == {KEY}
    assert broken() == 0


def test_a_relist_heals_too() -> None:
    """A broken slice that is gone from the list, or whole in it, no longer counts."""
    cluster = cluster_of(service(), slice_of(name="a", ports=7), slice_of(name="b", ports=7))
    assert cluster.apply(replace("endpointslices", slice_of(name="b"))).services == {KEY}
    view = cluster.view(KEY)
    assert view is not None
    assert (view.broken, slice_names(cluster)) == (0, ["b"])
    assert list(cluster.broken()) == []


def test_a_broken_service_is_no_service_and_makes_no_orphans() -> None:
    """Its slices have a Service, if one that can't be read."""
    cluster = cluster_of(service(), slice_of())
    dirty = cluster.apply(upsert(service(ports=7)))
    assert KEY in dirty.services
    assert cluster.view(KEY) is None
    assert cluster.namespace("d") == NamespaceReport("d", 0, 0, 0)
    cluster.apply(delete(service()))
    assert cluster.namespace("d") == NamespaceReport("d", 1, 0, 0)


def test_only_the_source_can_break_a_service() -> None:
    """A broken Endpoints object says nothing where slices are read, and the other way round."""
    spoilt = endpoints_of()
    spoilt["subsets"] = 7
    for source, expected in ((Source.ENDPOINTSLICES, 0), (Source.ENDPOINTS, 1)):
        cluster = cluster_of(service(), spoilt, source=source)
        view = cluster.view(KEY)
        assert view is not None
        assert view.broken == expected


def test_a_broken_pod_is_still_a_pod_of_its_service() -> None:
    """Left out, its Service would be told that its selector matches nothing."""
    spoilt = {**pod("p"), "status": 7}
    cluster = cluster_of(service(), read=("pods",))

    def selected() -> list[tuple[str, bool]]:
        view = cluster.view(KEY)
        assert view is not None
        assert view.pods is not None
        return [(found.name, found.facts.known) for found in view.pods.selected]

    assert cluster.apply(upsert(spoilt)).services == {KEY}
    assert selected() == [("p", False)]
    assert [found.name for found in cluster.broken()] == ["p"]
    cluster.apply(upsert(at_version(pod("p"), "2")))
    assert selected() == [("p", True)]
    assert list(cluster.broken()) == []
    cluster.apply(upsert(at_version(spoilt, "3")))
    cluster.apply(replace("pods"))
    assert (selected(), list(cluster.broken())) == ([], [])


# ── the other resources ──────────────────────────────────────────────────────────────────────


def test_the_endpoints_of_a_service_are_those_of_its_name() -> None:
    """With the legacy source the object of the same name is seen, None when there is none."""
    cluster = Cluster(Source.ENDPOINTS)
    cluster.apply(replace("services", service(), service("t")))
    cluster.apply(replace("endpoints", endpoints_of({"addresses": [{"ip": "10.0.0.1"}]})))
    view, other = cluster.view(KEY), cluster.view(OTHER)
    assert view is not None
    assert view.slices is not None
    assert [len(piece.endpoints) for piece in view.slices] == [1]
    assert other is not None
    assert other.slices == ()
    assert cluster.namespace("d") == NamespaceReport("d", None, None, None)


def test_a_heartbeat_of_a_node_touches_nothing() -> None:
    """Nodes report every few minutes; only what matters to a Service counts."""
    cluster = cluster_of(service(internalTrafficPolicy="Local"), service("t"), node("n1"))
    assert cluster.apply(upsert(at_version(node("n1"), "2"))) == Dirty()
    assert cluster.apply(upsert(at_version(node("n1", cordoned=True), "3"))).services == {KEY}
    assert cluster.apply(delete(node("n1"))).services == {KEY}


def test_a_node_touches_the_services_with_pods_on_it() -> None:
    """Whether a Pod's Node exists is part of why it takes no traffic."""
    cluster = cluster_of(service(), pod("p", "10.0.0.1"), node("n1"), node("n2"))
    assert cluster.apply(delete(node("n1"))).services == {KEY}
    assert cluster.apply(delete(node("n2"))).services == set()


def test_a_workload_touches_the_services_that_would_select_its_pods() -> None:
    """Scaling to zero explains an empty Service, so it is computed again."""
    deployment: Json = {
        "kind": "Deployment",
        "metadata": {"name": "s", "namespace": "d", "resourceVersion": "1"},
        "spec": {"replicas": 0, "template": {"metadata": {"labels": {"app": "s"}}}},
    }
    cluster = cluster_of(service(), service("t"), read=("pods",))
    assert cluster.apply(upsert(deployment)).services == {KEY}
    moved = {**deployment, "spec": {"template": {"metadata": {"labels": {"app": "t"}}}}}
    assert cluster.apply(upsert(at_version(moved, "2"))).services == {KEY, OTHER}
    assert cluster.apply(delete(deployment)).services == {OTHER}


def test_dependents_touch_what_they_point_at() -> None:
    """An Ingress that changes its backend touches both Services."""

    def ingress(target: str, version: str) -> Json:
        backend = {"service": {"name": target, "port": {"number": 80}}}
        return {
            "kind": "Ingress",
            "metadata": {"name": "i", "namespace": "d", "resourceVersion": version},
            "spec": {"defaultBackend": backend},
        }

    cluster = cluster_of(service(), service("t"))
    view = cluster.view(KEY)
    assert view is not None
    assert view.dependents is None
    cluster.apply(replace("ingresses", ingress("s", "1")))
    view = cluster.view(KEY)
    assert view is not None
    assert [found.name for found in view.dependents or ()] == ["i"]
    assert cluster.apply(upsert(ingress("t", "2"))).services == {KEY, OTHER}
    view = cluster.view(KEY)
    assert view is not None
    assert view.dependents == ()
