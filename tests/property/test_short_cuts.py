"""Short cuts change no answer: what is left out would have said nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import patch

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import Scope, select_families
from exporter.judging.findings import Table
from exporter.model import ServiceReport
from exporter.objects.codec import decode_event
from exporter.objects.resources import RESOURCES
from tests.property.clusters import OBJECTS
from tests.property.crowds import CROWD, READABLE, unique
from tests.unit.apiserver import ALL_GROUPS, NOW, Json, decode, resource_of, state_of

ABOUT_SERVICES = [
    family
    for family in select_families(ALL_GROUPS, labels=("*",), annotations=("*",))
    if family.scope in (Scope.SERVICE, Scope.ENDPOINT)
]
CLUSTERS = st.tuples(CROWD.map(unique), READABLE)


def reports_of(objects: list[Json], readable: tuple[str, ...]) -> list[ServiceReport]:
    """The reports on all Services of a cluster, looked at once and again after a while."""
    held = [found for found in objects if resource_of(found) in readable]
    state = state_of(*held, read=readable)
    state.touch(list(state.reports))
    state.settle(NOW + 600)
    return [report for _, report in sorted(state.reports.items())]


@given(CLUSTERS)
def test_rules_that_are_left_out_find_nothing(cluster: tuple[list[Json], tuple[str, ...]]) -> None:
    """A Service has the same judgement when every rule of its table is asked."""
    found = reports_of(*cluster)
    with patch.object(Table, "asking", lambda self, _has: self.rules):
        assert reports_of(*cluster) == found


@given(CLUSTERS)
def test_families_read_what_they_declare(cluster: tuple[list[Json], tuple[str, ...]]) -> None:
    """The samples of a family come out of the fields that it declares, and of no other."""
    for report in reports_of(*cluster):
        for family in ABOUT_SERVICES:
            part = SimpleNamespace(**{name: getattr(report, name) for name in family.reads})
            assert family.samples(part) == family.samples(report)


@given(OBJECTS, st.sampled_from(["ADDED", "MODIFIED", "DELETED"]))
def test_frame_holds_what_the_object_is_by_itself(found: Json, kind: str) -> None:
    """Decoded in one pass with its frame, an object is what it is decoded alone, broken or not."""
    event = decode_event(
        RESOURCES[resource_of(found)], msgspec.json.encode({"type": kind, "object": found})
    )
    assert (event.type, event.object) == (kind, decode(found))
