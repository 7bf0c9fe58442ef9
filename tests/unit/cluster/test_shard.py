"""Shards: their union is everything, and no two tell the same."""

from __future__ import annotations

from functools import partial

import pytest

from exporter.cluster.shard import Shard
from exporter.engine.state import Choices
from exporter.model import Delete, ObjectKey, Replace, ServiceKey, Upsert
from exporter.objects.codec import decode_object
from exporter.objects.resources import RESOURCES
from tests.golden import moments

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


def decode_slice(service: str) -> object:
    """Return a slice of a Service in the namespace shop."""
    label = f'"labels": {{"kubernetes.io/service-name": "{service}"}}'
    text = f'{{"metadata": {{"name": "s-1", "namespace": "shop", {label}}}, "addressType": "IPv4"}}'
    return decode_object(RESOURCES["endpointslices"], text.encode())


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


def test_a_slice_that_moves_away_is_deleted() -> None:
    """A slice whose label now names another shard's Service would else stay as it was."""
    shard, key = find_stranger("shop")
    change = Upsert("endpointslices", decode_slice(key.name))  # type: ignore[arg-type]

    assert shard.narrow(change) == Delete("endpointslices", ObjectKey("shop", "s-1"))
    assert Shard().narrow(change) is change


def test_a_list_is_narrowed_to_what_is_needed() -> None:
    """Of a list only our own is held; of Pods, which may be anybody's, all."""
    shard, key = find_stranger("shop")
    found = (decode_slice(key.name),)

    narrowed = shard.narrow(Replace("endpointslices", "", found))  # type: ignore[arg-type]
    assert narrowed == Replace("endpointslices", "", ())
    pods = Replace("pods", "", found)  # type: ignore[arg-type]
    assert shard.narrow(pods) is pods
