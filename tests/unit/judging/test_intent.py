from __future__ import annotations

from typing import Any

import pytest

from exporter.cluster.workloads import WorkloadIndex
from exporter.judging.intent import find_failure, find_short, is_meant, wants_pods
from exporter.model import WorkloadsView
from exporter.objects.workloads import Failure, Workload

SELECTOR = {"app": "s"}


def workload(kind: str = "Deployment", replicas: int = 0, **changes: Any) -> Workload:
    """A workload d/s whose template has the labels app=s and more; its uid is its name."""
    fields: dict[str, Any] = {
        "namespace": "d",
        "name": "s",
        "resource_version": "1",
        "existing": 0,
        "template_labels": {"app": "s", "tier": "web"},
        **changes,
    }
    return Workload(kind=kind, replicas=replicas, **{"uid": f"{kind}-{fields['name']}", **fields})


def owned(name: str, replicas: int, by: str = "Rollout", **changes: Any) -> Workload:
    """A ReplicaSet of a controller; each has a hash of its own among its labels."""
    labels = {"app": "s", "hash": name}
    more = {"template_labels": labels, "owner_kind": by, "owner_name": "s", **changes}
    return workload("ReplicaSet", replicas, name=name, **{"owner_uid": f"{by}-s", **more})


def see(
    *workloads: Workload, selector: dict[str, str] | None = None, unreadable: tuple[str, ...] = ()
) -> WorkloadsView:
    """The workloads behind a Service."""
    index = WorkloadIndex()
    for number, one in enumerate(workloads):
        index.put(f"resource-{number}", None, one)
    return index.view("d", selector or SELECTOR, unreadable)


@pytest.mark.parametrize(
    "workloads,meant",
    [
        ([workload()], True),
        ([workload("StatefulSet")], True),
        ([workload("DaemonSet")], True),
        ([workload("ReplicationController")], True),
        ([workload("ReplicaSet")], True),
        ([], False),
        ([workload(replicas=1)], False),
        ([workload(), workload(name="green", replicas=3)], False),
        ([workload(template_labels={"app": "t"})], False),
        ([workload(namespace="e")], False),
        ([workload(template_labels={})], False),
        # what is owned stands for its owner
        ([owned("old", 0)], True),
        ([owned("old", 0), owned("new", 3)], False),
        ([owned("old", 0), owned("new", 3, template_labels={"app": "else"})], False),
        ([owned("old", 0, by="Deployment"), workload(replicas=3)], False),
        ([owned("old", 3, by="Deployment"), workload(replicas=0)], True),
        ([owned("old", 0, by="Deployment"), workload(replicas=3, template_labels={})], False),
        ([owned("old", 0, owner_uid="")], True),
    ],
)
def test_a_zero_is_meant_when_all_that_could_fill_it_want_none(
    workloads: list[Workload], meant: bool
) -> None:
    """Workloads count by their controller, in whatever order they come."""
    assert is_meant(see(*workloads)) is meant
    assert is_meant(see(*workloads[::-1])) is meant


def test_an_old_replica_set_does_not_speak_for_its_owner() -> None:
    """Its hash is in the selector; its sibling with another hash wants Pods: a fault, no wish."""
    view = see(owned("old", 0), owned("new", 3), selector={"app": "s", "hash": "old"})
    assert (is_meant(view), wants_pods(view)) == (False, False)


def test_what_can_not_be_read_is_no_wish() -> None:
    """A Deployment that may not be read may want Pods, whatever its ReplicaSets are at."""
    assert not is_meant(see(owned("old", 0, by="Deployment"), unreadable=("Deployment",)))
    assert is_meant(see(owned("old", 0, by="Rollout"), unreadable=("Deployment",)))


def test_owners_that_own_each_other_end_somewhere() -> None:
    """A circle of owners, which only a file can have, is no endless loop."""
    one = workload("ReplicaSet", name="a", uid="a", owner_kind="ReplicaSet", owner_uid="b")
    other = workload("ReplicaSet", name="b", uid="b", owner_kind="ReplicaSet", owner_uid="a")
    assert is_meant(see(one, other))


FAILURE = Failure("FailedCreate", "exceeded quota", 5.0)


def test_why_pods_can_not_be_made_is_told_by_who_wants_them() -> None:
    """A condition on a workload that is at zero is of old."""
    assert find_failure(see(workload(replicas=3, failure=FAILURE))) == FAILURE
    assert find_failure(see(workload(failure=FAILURE))) is None


def test_who_wants_more_than_there_are() -> None:
    """Each once: the ReplicaSet of a Deployment only repeats it; unknown counts prove nothing."""
    deployment = workload(replicas=3, existing=1)
    view = see(deployment, owned("new", 3, by="Deployment"), workload("DaemonSet", 2, existing=2))
    assert find_short(view) == (deployment,)
    assert find_short(see(workload(replicas=3, existing=None))) == ()


def test_the_index_forgets_what_is_gone() -> None:
    """No trace of a workload stays, whatever it was owned by."""
    index = WorkloadIndex()
    new, old = owned("new", 3), owned("old", 0)
    for one in (new, old):
        index.put(one.name, None, one)
    assert index.put("new", new, None) == [
        new.template_labels,
        new.template_labels,
        old.template_labels,
    ]
    index.put("old", old, None)
    assert [len(held) for held in vars(index).values()] == [0, 0, 0]
