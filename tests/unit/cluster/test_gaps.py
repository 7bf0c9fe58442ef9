"""What a shard lets go of, and that it knows all of it again when it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.cluster import Cluster, gaps
from exporter.cluster.shard import Shard
from exporter.model import Delete, Fill, Forget, Missing, ObjectKey, ServiceKey
from tests.unit.apiserver import Json, at_version, decode, pod, replace, service, upsert

#: Owns the Services of namespace e and none of d; see test_the_shard_of_these_tests.
SHARD = Shard(1, 3)
OURS = ServiceKey("e", "s")


def a_service(namespace: str) -> Json:
    """A Service that selects app=s."""
    return service("s", namespace, selector={"app": "s"})


def a_pod(namespace: str, name: str = "p", version: str = "1", **labels: str) -> Json:
    """A Pod with app=s unless told otherwise."""
    return at_version(pod(name, "10.0.0.1", namespace, **labels), version)


def a_deployment(namespace: str) -> Json:
    """A Deployment."""
    return {"kind": "Deployment", "metadata": {"namespace": namespace, "name": "s"}, "spec": {}}


def new_cluster(**options: Any) -> Cluster:
    """A cluster that may let go."""
    return Cluster(shard=SHARD, refills=True, **options)


def held(cluster: Cluster, resource: str = "pods") -> set[str]:
    """What is held of a resource, as namespace/name."""
    return {f"{found.namespace}/{found.name}" for found in cluster.held(resource)}


def selected(cluster: Cluster) -> set[str] | None:
    """The Pods of our Service with their versions, None when they are not known."""
    view = cluster.view(OURS)
    assert view is not None
    pods = view.pods
    return None if pods is None else {f"{one.name}@{one.resource_version}" for one in pods.selected}


def fill(missing: Missing, *found: Json) -> Fill:
    """What an answer to the wish makes."""
    return Fill(missing, tuple(decode(one) for one in found))


@pytest.fixture
def emptied() -> Cluster:
    """A cluster that let the Pod p of e go, and a Deployment there."""
    cluster = new_cluster()
    cluster.apply(replace("services"))
    cluster.apply(replace("deployments", a_deployment("e")))
    cluster.apply(replace("pods", a_pod("e")))
    assert held(cluster) == held(cluster, "deployments") == set()
    return cluster


def test_the_shard_of_these_tests() -> None:
    """It owns what the names above say."""
    assert SHARD.owns(OURS)
    assert not SHARD.owns(ServiceKey("d", "s"))


def test_only_namespaces_with_services_of_ours_are_held() -> None:
    """Whatever is read first, Pods and workloads are held where a Service of ours is."""
    lists = (
        replace("services", a_service("d"), a_service("e")),
        replace("pods", a_pod("d"), a_pod("e")),
        replace("deployments", a_deployment("d"), a_deployment("e")),
    )
    for first in range(3):
        cluster = new_cluster()
        for change in (*lists[first:], *lists[:first]):
            cluster.apply(change)
        assert held(cluster) == {"e/p"}
        assert held(cluster, "deployments") == {"e/s"}
        assert not list(cluster.missing())
        assert selected(cluster) == {"p@1"}


def test_who_can_not_read_again_lets_nothing_go() -> None:
    """One that is not refilled holds all, so does one that holds the whole, and one alone."""
    for cluster in (
        Cluster(shard=SHARD),
        Cluster(shard=SHARD, refills=True, whole=True),
        Cluster(refills=True),
    ):
        cluster.apply(replace("services"))
        cluster.apply(replace("pods", a_pod("d"), a_pod("e")))
        assert held(cluster) == {"d/p", "e/p"}


def test_before_services_are_read_all_is_held() -> None:
    """Nobody knows then whose the Pods are; they go as soon as somebody does."""
    cluster = new_cluster()
    cluster.apply(replace("pods", a_pod("d"), a_pod("e")))
    cluster.apply(upsert(a_pod("d", "q")))
    assert held(cluster) == {"d/p", "e/p", "d/q"}
    cluster.apply(replace("services", a_service("e")))
    assert held(cluster) == {"e/p"}


def test_a_service_that_comes_finds_its_pods_unknown_and_then_known(emptied: Cluster) -> None:
    """In between nothing is told of them: neither none, nor those that came meanwhile."""
    emptied.apply(upsert(a_service("e")))
    wishes = list(emptied.missing())
    assert [(one.resource, one.namespace) for one in wishes] == [
        ("deployments", "e"),
        ("pods", "e"),
    ]
    assert selected(emptied) is None
    emptied.apply(upsert(a_pod("e", "q", "2")))
    assert selected(emptied) is None
    assert list(emptied.pods()) == []
    assert not emptied.complete("pods", "e")

    dirty = emptied.apply(fill(wishes[1], a_pod("e")))
    assert dirty.services == {OURS}
    assert selected(emptied) == {"p@1", "q@2"}
    view = emptied.view(OURS)
    assert view is not None
    assert view.pods is not None
    assert view.pods.workloads is None
    emptied.apply(fill(wishes[0], a_deployment("e")))
    assert not list(emptied.missing())
    assert held(emptied, "deployments") == {"e/s"}


def test_where_nothing_was_let_go_nothing_is_missing(emptied: Cluster) -> None:
    """A namespace whose Service comes before its Pods costs no request."""
    emptied.apply(upsert(service("t", "e", selector={"app": "t"})))
    wishes = len(list(emptied.missing()))
    cluster = new_cluster()
    cluster.apply(replace("services"))
    cluster.apply(replace("pods"))
    cluster.apply(upsert(a_service("e")))
    cluster.apply(upsert(a_pod("e")))
    assert wishes == 2
    assert not list(cluster.missing())
    assert selected(cluster) == {"p@1"}


def test_what_the_watch_told_meanwhile_counts_more(emptied: Cluster) -> None:
    """An answer that is older than events takes none of them back."""
    emptied.apply(upsert(a_service("e")))
    wish = list(emptied.missing())[1]
    emptied.apply(upsert(a_pod("e", "p", "3")))
    emptied.apply(Delete("pods", ObjectKey("e", "q")))
    emptied.apply(fill(wish, a_pod("e", "p", "1"), a_pod("e", "q", "2"), a_pod("e", "r", "2")))
    assert selected(emptied) == {"p@3", "r@2"}


def test_an_answer_to_an_earlier_wish_is_void(emptied: Cluster) -> None:
    """The Service went and came again: what happened between is in no event that was taken."""
    emptied.apply(upsert(a_service("e")))
    first = list(emptied.missing())[1]
    emptied.apply(Delete("services", ObjectKey("e", "s")))
    assert not list(emptied.missing())
    emptied.apply(Delete("pods", ObjectKey("e", "p")))
    emptied.apply(upsert(a_service("e")))
    emptied.apply(fill(first, a_pod("e")))
    assert selected(emptied) is None
    emptied.apply(fill(list(emptied.missing())[1]))
    assert selected(emptied) == set()


def test_a_list_makes_an_answer_void(emptied: Cluster) -> None:
    """After a 410 everything is listed anyway; what was asked before may be older."""
    emptied.apply(upsert(a_service("e")))
    wish = list(emptied.missing())[1]
    dirty = emptied.apply(replace("pods"))
    assert OURS in dirty.services
    assert selected(emptied) == set()
    emptied.apply(fill(wish, a_pod("e")))
    assert selected(emptied) == set()


def test_what_can_not_be_read_any_more_is_not_missing(emptied: Cluster) -> None:
    """Nobody may ask for it; what it holds is unknown for another reason."""
    emptied.apply(upsert(a_service("e")))
    emptied.apply(Forget("pods", ""))
    assert [one.resource for one in emptied.missing()] == ["deployments"]
    assert selected(emptied) is None


def test_the_last_service_takes_its_namespace_with_it() -> None:
    """Not at once: a Service that is made anew within one batch costs no request."""
    cluster = new_cluster()
    cluster.apply(replace("services", a_service("e")))
    cluster.apply(replace("pods", a_pod("e")))
    dirty = cluster.apply(upsert(a_service("e")))
    for change in (Delete("services", ObjectKey("e", "s")), upsert(a_pod("e", "q", "2"))):
        for _ in cluster.take(change, dirty):
            pass
    for _ in cluster.take(upsert(a_service("e")), dirty):
        pass
    for _ in cluster.resolve(dirty):
        pass
    assert held(cluster) == {"e/p", "e/q"}
    cluster.apply(Delete("services", ObjectKey("e", "s")))
    assert held(cluster) == set()


def test_services_that_can_not_be_read_let_nothing_more_go() -> None:
    """Whose the Pods are is unknown again: what is held stays until it is known."""
    cluster = new_cluster()
    cluster.apply(replace("services", a_service("e")))
    cluster.apply(replace("pods", a_pod("e")))
    cluster.apply(Forget("services", ""))
    assert held(cluster) == {"e/p"}
    cluster.apply(replace("services", a_service("e")))
    assert not list(cluster.missing())
    assert selected(cluster) == {"p@1"}


def test_more_gaps_than_are_remembered_are_missing_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then every namespace may have one, until the next list; those that are asked about stay."""
    monkeypatch.setattr(gaps, "MOST", 1)
    cluster = new_cluster()
    cluster.apply(replace("services"))
    cluster.apply(replace("pods", a_pod("e"), a_pod("d"), a_pod("f")))
    cluster.apply(upsert(a_service("e")))
    (wish,) = cluster.missing()
    assert selected(cluster) is None
    assert not cluster.complete("pods", "")
    cluster.apply(upsert(a_pod("g")))
    cluster.apply(fill(wish, a_pod("e")))
    assert selected(cluster) == {"p@1"}

    cluster.apply(Delete("services", ObjectKey("e", "s")))
    cluster.apply(replace("pods"))
    cluster.apply(upsert(a_service("e")))
    assert not list(cluster.missing())
    assert selected(cluster) == set()
