"""A reason for each zero and for nothing else, against a slow reading of the rules from the JSON.

The oracle below knows neither structs nor merging: it counts in the objects as they are written,
in the words of semantics.md §5, so that both being wrong in the same way is unlikely.
"""

from __future__ import annotations

import copy
import ipaddress
import random
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import assume, event, given
from hypothesis import strategies as st

from exporter.model import REASON_RANK, Reason, ServiceReport
from exporter.objects.slices import HEADLESS_LABEL, SERVICE_NAME_LABEL
from tests.property.clusters import deployments, nodes, pods, services, slices
from tests.unit.apiserver import Json, resource_of, state_of

WITHOUT_PODS = {Reason.ENDPOINTS_NOT_READY, Reason.ALL_TERMINATING, Reason.NO_ENDPOINTS}
FROM_SLICES = {
    reason for reason in Reason if REASON_RANK[reason] < REASON_RANK[Reason.SCALED_TO_ZERO]
}


def canonical(text: str) -> str:
    """What Go would print, for the spellings that these tests use."""
    if ":" not in text:
        return ".".join(str(int(part)) for part in text.split("."))
    address = ipaddress.IPv6Address(text)
    return str(address.ipv4_mapped or address)


def entries(
    objects: list[Json], service: Json
) -> Iterator[tuple[str, str, tuple[bool, ...], Json]]:
    """Address type, address, (ready, serving, terminating) and slice of every endpoint."""
    for piece in objects:
        labels = piece["metadata"].get("labels", {})
        if (
            piece["kind"] != "EndpointSlice"
            or piece["metadata"]["namespace"] != service["metadata"]["namespace"]
            or labels.get(SERVICE_NAME_LABEL) != service["metadata"]["name"]
        ):
            continue
        for one in piece["endpoints"]:
            given_states = one["conditions"]
            state = (
                given_states.get("ready", True),
                given_states.get("serving", True),
                given_states.get("terminating", False),
            )
            kind = piece["addressType"]
            address = one["addresses"][0]
            yield kind, address if kind == "FQDN" else canonical(address), state, piece


def best(states: list[tuple[bool, ...]]) -> tuple[bool, ...]:
    """What counts among duplicates: not terminating, then ready, then serving."""
    return max(states, key=lambda state: (not state[2], state[0], state[1]))


def merge(found: Iterator[tuple[Any, tuple[bool, ...]]]) -> dict[Any, tuple[bool, ...]]:
    """One state per key."""
    grouped: dict[Any, list[tuple[bool, ...]]] = {}
    for key, state in found:
        grouped.setdefault(key, []).append(state)
    return {key: best(states) for key, states in grouped.items()}


class Oracle:
    """What there is to know of a Service without Pods, out of the objects as they are written."""

    def __init__(self, service: Json, objects: list[Json]) -> None:
        spec = service["spec"]
        self.service = service
        self.pieces = [
            piece
            for piece in objects
            if piece["kind"] == "EndpointSlice"
            and piece["metadata"]["namespace"] == service["metadata"]["namespace"]
            and piece["metadata"]["labels"].get(SERVICE_NAME_LABEL) == service["metadata"]["name"]
        ]
        self.headless = spec.get("clusterIP") == "None"
        families = spec.get("ipFamilies")
        address = spec.get("clusterIP", "")
        if self.headless or not (families or address):
            self.families = {"IPv4", "IPv6"}
        else:
            self.families = set(families or ["IPv6" if ":" in address else "IPv4"])
        self.all = merge(((kind, a), s) for kind, a, s, _ in entries(objects, service))
        self.seen = merge(
            ((kind, a), s)
            for kind, a, s, piece in entries(objects, service)
            if kind in self.families
            and (self.headless or HEADLESS_LABEL not in piece["metadata"]["labels"])
        )
        self.ports = {
            (port.get("name", ""), port.get("protocol", "TCP")): merge(
                ((a, number["port"]), s)
                for kind, a, s, piece in entries(objects, service)
                if kind in self.families
                and (self.headless or HEADLESS_LABEL not in piece["metadata"]["labels"])
                for number in piece["ports"] or ()
                if number.get("port")
                and number.get("name", "") == port.get("name", "")
                and number.get("protocol", "TCP") == port.get("protocol", "TCP")
            )
            for port in spec["ports"]
        }

    @property
    def usable(self) -> bool:
        """Whether something ready can be reached."""
        if self.headless:
            return any(state[0] for state in self.seen.values())
        return any(state[0] for pairs in self.ports.values() for state in pairs.values())

    @property
    def routable(self) -> int:
        """How many addresses traffic goes to."""
        found: set[str] = set()
        where = (
            [{(a, 0): s for (_, a), s in self.seen.items()}]
            if self.headless
            else [*self.ports.values()]
        )
        for pairs in where:
            up = {a for (a, _), s in pairs.items() if s[0]}
            found |= up or {a for (a, _), s in pairs.items() if s[1] and s[2]}
        return len(found)

    def reason(self) -> Reason | None:
        """Rules 0 to 10 and 17, top to bottom."""
        spec, states = self.service["spec"], list(self.all.values())
        ready = {kind for (kind, _), state in self.all.items() if state[0]}
        if spec["type"] == "ExternalName":
            return Reason.EXTERNAL_NAME
        if self.usable:
            return None
        if self.service["metadata"].get("deletionTimestamp"):
            return Reason.SERVICE_DELETING
        if not spec.get("selector"):
            if not states:
                return Reason.SELECTORLESS_NO_ENDPOINTS
            return Reason.SELECTORLESS_UNUSABLE if ready else Reason.SELECTORLESS_NOT_READY
        if not self.pieces:
            return Reason.ENDPOINT_SLICES_MISSING
        if ready & self.families:
            return Reason.NAMED_PORT_MISSING
        if ready:
            return Reason.FAMILY_MISMATCH
        if any(not state[2] for state in states):
            return Reason.ENDPOINTS_NOT_READY
        return Reason.ALL_TERMINATING if states else Reason.NO_ENDPOINTS


@st.composite
def clusters(draw: st.DrawFn) -> list[Json]:
    """A Service d/s, slices that are mostly its own, and what else there may be."""
    service = draw(services())
    service["metadata"] |= {"name": "s", "namespace": "d"}
    if draw(st.booleans()):
        service["spec"] |= {"type": "ClusterIP", "selector": {"app": "s"}}
        service["metadata"].pop("deletionTimestamp", None)
    found = [service]
    for number, piece in enumerate(draw(st.lists(slices(), max_size=4))):
        piece["metadata"] |= {"name": f"s-{number}", "namespace": "d"}
        if draw(st.sampled_from([True, True, True, False])):
            piece["metadata"]["labels"][SERVICE_NAME_LABEL] = "s"
        found.append(piece)
    named: dict[tuple[str, str], Json] = {}
    for other in draw(st.lists(st.one_of(pods(), pods(), nodes(), deployments()), max_size=5)):
        named[other["kind"], other["metadata"]["name"]] = other
        if "namespace" in other["metadata"]:
            other["metadata"]["namespace"] = "d"
    return found + list(named.values())


SLICES_ONLY = {"Service", "EndpointSlice"}


def report_on(objects: list[Json], *, with_pods: bool) -> ServiceReport:
    """The report on d/s, with or without permission to read Pods, Nodes and workloads."""
    if with_pods:
        state = state_of(*objects, read=("pods", "nodes", "deployments"))
    else:
        state = state_of(*(found for found in objects if found["kind"] in SLICES_ONLY))
    [report] = state.reports.values()
    return report


@given(clusters())
def test_without_pods_the_rules_decide(objects: list[Json]) -> None:
    """Reason, routable addresses and ports are what the rules say, read from the JSON."""
    oracle = Oracle(objects[0], objects)
    report = report_on(objects, with_pods=False)
    event(str(report.reason))
    assert report.reason == oracle.reason()
    if report.reason is Reason.EXTERNAL_NAME:
        return
    assert report.routable == oracle.routable
    for port in report.ports:
        pairs = oracle.ports[port.name, port.protocol]
        assert port.ready == sum(state[0] for state in pairs.values())
    for counts in report.counts:
        mine = [state for (kind, _), state in oracle.all.items() if kind == counts.address_type]
        assert counts.ready == sum(state[0] for state in mine)
        assert counts.not_ready == len(mine) - counts.ready
        assert counts.serving == sum(state[1] for state in mine)
        assert counts.terminating == sum(state[2] for state in mine)
    assert {kind for kind, _ in oracle.all} <= {counts.address_type for counts in report.counts}


@given(clusters())
def test_pods_change_only_what_slices_cannot_tell(objects: list[Json]) -> None:
    """With Pods rules 8 to 10 give way to 11 to 29, and nothing else changes."""
    blind, seeing = (report_on(objects, with_pods=with_pods) for with_pods in (False, True))
    event(str(seeing.reason))
    if blind.reason in WITHOUT_PODS:
        assert seeing.reason not in FROM_SLICES
        assert seeing.reason is not None
    else:
        assert (seeing.reason, seeing.detail) == (blind.reason, blind.detail)
    assert seeing.counts == blind.counts
    assert (seeing.routable, seeing.ports) == (blind.routable, blind.ports)


@given(clusters(), st.booleans())
def test_a_reason_stands_for_nothing_usable(objects: list[Json], with_pods: bool) -> None:
    """A Service has one reason exactly when no ready endpoint can be reached."""
    report = report_on(objects, with_pods=with_pods)
    assume(report.service.type != "ExternalName")
    ports_ready = sum(port.ready for port in report.ports)
    if report.reason is None:
        assert report.routable
        assert report.ready
        assert ports_ready or report.service.headless
    elif not report.service.headless:
        assert ports_ready == 0


@given(clusters(), st.booleans(), st.randoms())
def test_no_order_matters(objects: list[Json], with_pods: bool, chance: random.Random) -> None:
    """Slices, endpoints in them, Pods and ports of slices may come in any order."""
    other = copy.deepcopy(objects)
    for found in other:
        if resource_of(found) == "endpointslices":
            chance.shuffle(found["endpoints"])
            chance.shuffle(found["ports"] or [])
    rest = other[1:]
    chance.shuffle(rest)
    one = report_on(objects, with_pods=with_pods)
    shuffled = report_on([other[0], *rest], with_pods=with_pods)
    assert shuffled == msgspec.structs.replace(one, service=shuffled.service)
