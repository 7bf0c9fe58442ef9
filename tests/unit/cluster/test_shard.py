"""Shards: their union is everything, and no two tell the same."""

from __future__ import annotations

from functools import partial

import pytest

from exporter.cluster import Cluster
from exporter.cluster.shard import Interest, Shard
from exporter.engine.state import Choices
from exporter.model import Replace, ServiceKey, Upsert
from exporter.objects.slices import EndpointSlice
from tests.golden import moments
from tests.unit.apiserver import at_version, decode, slice_of

KEYS = [ServiceKey(f"namespace-{a}", f"service-{b}") for a in range(20) for b in range(20)]


def list_samples(text: str) -> list[str]:
    """Return the sample lines of an exposition."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def tell(name: str, shard: Shard, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what one shard says of a scenario at each of its moments."""
    monkeypatch.setattr(moments, "Choices", partial(Choices, shard=shard))
    return [list_samples(moments.text_of(moment.state)) for moment in moments.play(name)]


@pytest.mark.parametrize("total", [2, 3, 7])
def test_every_service_has_exactly_one_shard(total: int) -> None:
    """Of all shards one owns a Service, and one a namespace; none goes without work."""
    shards = [Shard(index, total) for index in range(total)]
    for key in KEYS:
        assert sum(shard.owns(key) for shard in shards) == 1
        assert sum(shard.owns_namespace(key.namespace) for shard in shards) == 1
    for shard in shards:
        assert any(shard.owns(key) for key in KEYS)


def test_the_division_is_stable() -> None:
    """The numbers are the same in every process and version: a restart moves no series."""
    owners = [
        next(index for index in range(5) if Shard(index, 5).owns(ServiceKey("shop", name)))
        for name in ("web", "cart", "db", "search", "mail")
    ]
    assert owners == [0, 2, 0, 3, 3]


@pytest.mark.parametrize("name", moments.SCENARIOS)
def test_the_union_of_shards_is_what_one_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three shards together say every line once that one process says, at each moment."""
    whole = tell(name, Shard(), monkeypatch)
    parts = [tell(name, Shard(index, 3), monkeypatch) for index in range(3)]

    for number, lines in enumerate(whole):
        assert sorted(line for part in parts for line in part[number]) == sorted(lines)


def decode_slice(service: str, version: str) -> EndpointSlice:
    """Return a slice of a Service in the namespace shop."""
    found = decode(at_version(slice_of(namespace="shop", service=service), version))
    assert isinstance(found, EndpointSlice)
    return found


def find_stranger(namespace: str) -> tuple[Shard, ServiceKey]:
    """Return a shard of three, and a Service that it neither owns nor needs for its namespace."""
    for index in range(3):
        shard = Shard(index, 3)
        if not shard.owns_namespace(namespace):
            for number in range(100):
                key = ServiceKey(namespace, f"service-{number}")
                if not shard.owns(key):
                    return shard, key
    raise AssertionError


def test_a_slice_that_moves_away_is_let_go() -> None:
    """A slice whose label now names another shard's Service would else stay as it was."""
    shard, key = find_stranger("shop")
    ours = next(name for name in map(str, range(100)) if shard.owns(ServiceKey("shop", name)))
    cluster = Cluster(shard=shard)

    cluster.apply(Upsert("endpointslices", decode_slice(ours, "1")))
    assert cluster.count("endpointslices") == 1
    dirty = cluster.apply(Upsert("endpointslices", decode_slice(key.name, "2")))
    assert cluster.count("endpointslices") == 0
    assert dirty.services == {ServiceKey("shop", ours)}


def test_of_a_list_only_ours_is_held() -> None:
    """What another shard reports on is not held, by event and by list; of Pods, all are."""
    shard, key = find_stranger("shop")
    found = decode_slice(key.name, "1")
    cluster = Cluster(shard=shard)

    cluster.apply(Replace("endpointslices", "", (found,)))
    cluster.apply(Upsert("endpointslices", found))
    assert cluster.count("endpointslices") == 0
    assert Interest(shard=shard).holds("pods", found)
    assert Interest().holds("endpointslices", found)
    assert not Interest(frozenset({"shop"})).holds("endpointslices", found)


def test_a_slice_is_measured_by_one_shard() -> None:
    """Of a namespace's slices one shard holds all, but each is measured where its Service is."""
    shards = [Shard(index, 3) for index in range(3)]
    for number in range(20):
        found = decode_slice(f"service-{number}", "1")
        assert sum(Interest(shard=shard).measures(found) for shard in shards) == 1
        assert not Interest(frozenset({"shop"})).measures(found)
