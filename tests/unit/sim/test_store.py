from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exporter.sim.resources import resource_named
from exporter.sim.status import StatusError
from exporter.sim.store import Store, merge_patch
from exporter.sim.table import Change

_SERVICES = resource_named("services")


def _service(name: str = "s", namespace: str = "d", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _slice(name: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": {"name": name, "namespace": "d"},
        "addressType": "IPv4",
        "endpoints": None,
        "ports": None,
    } | more


def _names(store: Store, namespace: str = "", version: int | None = None) -> list[str]:
    return [e.key for e in store.entries(_SERVICES, namespace, version)]


def test_one_counter_numbers_every_write() -> None:
    """Versions rise by one over all resources, deletions included."""
    store = Store(first_version=10)
    assert store.apply(_service("a")) == 11
    assert store.apply(_slice("a-1")) == 12
    assert store.apply(_service("a", type="NodePort")) == 13
    assert store.delete("Service", "d", "a")
    assert store.resource_version == 14


def test_a_write_that_changes_nothing_is_none() -> None:
    """Applying the same object again keeps its version and tells nobody."""
    store = Store()
    seen: list[Change] = []
    with store.listen(_SERVICES, seen.append):
        first = store.apply(_service())
        assert store.apply(_service()) == first
    assert [c.kind for c in seen] == ["ADDED"]


def test_what_the_server_fills_in_stays() -> None:
    """The uid and creation time are made once and kept; a new object gets new ones."""
    times = iter([1_800_000_000.0, 1_800_000_060.0])
    store = Store(clock=lambda: next(times))
    store.apply(_service())
    made = store.get("Service", "d", "s")
    store.apply(_service(type="NodePort"))
    changed = store.get("Service", "d", "s")
    assert made is not None
    assert changed is not None
    assert made["metadata"]["creationTimestamp"] == "2027-01-15T08:00:00Z"
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]
    assert changed["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    store.delete("Service", "d", "s")
    store.apply(_service())
    again = store.get("Service", "d", "s")
    assert again is not None
    assert again["metadata"]["uid"] != made["metadata"]["uid"]
    assert again["metadata"]["creationTimestamp"] == "2027-01-15T08:01:00Z"


def test_generation_counts_changes_of_the_spec() -> None:
    """Slices count changes of content and labels; annotations and statuses don't count."""
    store = Store()
    store.apply(_slice("a-1"))

    def generation() -> int:
        found = store.get("EndpointSlice", "d", "a-1")
        assert found is not None
        return int(found["metadata"]["generation"])

    assert generation() == 1
    store.patch("EndpointSlice", "d", "a-1", {"metadata": {"annotations": {"x": "y"}}})
    assert generation() == 1
    store.patch("EndpointSlice", "d", "a-1", {"metadata": {"labels": {"x": "y"}}})
    assert generation() == 2
    store.patch("EndpointSlice", "d", "a-1", {"ports": [{"port": 1}]})
    assert generation() == 3


def test_another_uid_is_a_deletion_and_a_creation() -> None:
    """Replacing an object by one of another uid is seen as two changes."""
    store = Store()
    seen: list[Change] = []
    with store.listen(_SERVICES, seen.append):
        store.apply(_service())
        other = _service()
        other["metadata"]["uid"] = "11111111-1111-4111-8111-111111111111"
        store.apply(other)
    assert [c.kind for c in seen] == ["ADDED", "DELETED", "ADDED"]


def test_a_deleted_object_has_the_version_of_its_deletion() -> None:
    """The last state is told with a new version, in the object too."""
    store = Store(first_version=10)
    seen: list[Change] = []
    store.apply(_service(type="ClusterIP"))
    with store.listen(_SERVICES, seen.append):
        store.delete("Service", "d", "s")
    assert seen[0].version == 12
    assert b'"resourceVersion":"12"' in seen[0].entry.item
    assert b'"type":"ClusterIP"' in seen[0].entry.item
    assert not store.delete("Service", "d", "s")


def test_entries_come_in_the_order_of_etcd() -> None:
    """Keys sort as `namespace/name`, in which a dash comes before the slash."""
    store = Store()
    store.load([_service("b", "a"), _service("a", "a-b"), _service("a", "b"), _service("a", "a")])
    assert _names(store) == ["a-b/a", "a/a", "a/b", "b/a"]
    assert _names(store, "a") == ["a/a", "a/b"]


def test_a_past_state_can_be_read() -> None:
    """Entries as of a version are those that existed then, in the state they had then."""
    store = Store()
    store.apply(_service("a"))
    then = store.apply(_service("b", type="ClusterIP"))
    store.apply(_service("b", type="NodePort"))
    store.apply(_service("c"))
    store.delete("Service", "d", "a")
    assert _names(store, version=then) == ["d/a", "d/b"]
    past = store.entries(_SERVICES, "", then)[1]
    assert b'"type":"ClusterIP"' in past.item
    assert _names(store) == ["d/b", "d/c"]


def test_compaction_ends_the_past() -> None:
    """What lies before a compaction is refused with 410; what lies after it isn't."""
    store = Store()
    store.apply(_service("a"))
    old = store.resource_version
    store.apply(_service("b"))
    kept = store.compact()
    store.apply(_service("c"))
    assert [c.entry.name for c in store.changes_since(_SERVICES, kept)] == ["c"]
    for call in (
        lambda: store.entries(_SERVICES, "", old),
        lambda: store.changes_since(_SERVICES, old),
    ):
        with pytest.raises(StatusError) as caught:
            call()
        assert caught.value.status.code == 410
        assert caught.value.status.reason == "Expired"
    assert _names(store, version=kept) == ["d/a", "d/b"]


def test_a_full_history_forgets_its_oldest_changes() -> None:
    """With room for two changes the third makes the first unreachable."""
    store = Store(first_version=10, history=2)
    for name in ("a", "b", "c"):
        store.apply(_service(name))
    assert [c.version for c in store.changes_since(_SERVICES, 11)] == [12, 13]
    with pytest.raises(StatusError, match=r"too old resource version: 10 \(11\)"):
        store.changes_since(_SERVICES, 10)


def test_field_values_follow_the_object() -> None:
    """The fields that selectors ask for are those of the present state."""
    store = Store()
    store.apply(_service(type="ClusterIP", clusterIP="10.96.0.9"))
    entry = store.entry(_SERVICES, "d", "s")
    assert entry is not None
    assert entry.fields == {
        "metadata.name": "s",
        "metadata.namespace": "d",
        "spec.type": "ClusterIP",
        "spec.clusterIP": "10.96.0.9",
    }


@pytest.mark.parametrize(
    "obj, error",
    [
        ({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}}, KeyError),
        ({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "x"}}, ValueError),
        (
            {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "x", "namespace": "d"}},
            ValueError,
        ),
    ],
)
def test_what_can_not_be_stored_is_refused(obj: dict[str, Any], error: type[Exception]) -> None:
    """An unknown kind, a missing namespace and one too many are errors."""
    with pytest.raises(error):
        Store().apply(obj)


async def test_waiting_for_a_version_ends_when_it_is_written() -> None:
    """A version that is there or comes is reached, one that does not come times out."""
    store = Store(first_version=10)
    assert await store.reached(10, 0)
    waiting = asyncio.ensure_future(store.reached(11, 30))
    await asyncio.sleep(0)
    store.apply(_service())
    assert await waiting
    assert not await store.reached(99, 0.01)


def test_merge_patches_follow_the_rfc() -> None:
    """Null takes away, objects merge, everything else replaces; the original stays."""
    target = {"a": {"b": 1, "c": [1, 2]}, "d": 2}
    assert merge_patch(target, {"a": {"b": None, "c": [3]}, "e": {"f": None, "g": 1}}) == {
        "a": {"c": [3]},
        "d": 2,
        "e": {"g": 1},
    }
    assert target == {"a": {"b": 1, "c": [1, 2]}, "d": 2}
