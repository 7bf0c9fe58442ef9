"""Every case file through the core, in every order: a dump becomes a state, its text is compared.

The command line is left out (test_cases_cli.py has it), so that thousands of orders cost seconds.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import promtext
import pytest
import run_cases
import yaml

from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.catalogue import DEFAULT_GROUPS
from exporter.dump import Dump, read_dump
from exporter.engine.state import Choices, State
from exporter.explaining.explain import explain
from exporter.exposition import Format
from exporter.model import Reason, Replace, ServiceKey, Source, Upsert
from exporter.objects.resources import ENDPOINTS, RESOURCES, SLICES

DATA = Path(__file__).with_name("data")
NOW = 1_800_000_000.0
#: With more slices than this not all orders are tried: 5! × 4 would be the first that takes long.
MOST = 4

Json = dict[str, Any]

PATHS = pytest.mark.parametrize("path", sorted(DATA.glob("*.yaml")), ids=lambda path: path.stem)


def read_case(path: Path) -> Json:
    """A case file."""
    case: Json = yaml.load(path.read_text(), Loader=run_cases.LOADER)  # noqa: S506  # a safe one
    return case


def source_of(case: Json) -> Source:
    """What `--source` says."""
    args = case.get("args") or []
    return Source(args[args.index("--source") + 1]) if "--source" in args else Source.ENDPOINTSLICES


def new_state(case: Json) -> State:
    """A state that says what the case speaks of."""
    groups = {group.value for group in DEFAULT_GROUPS} | set(case.get("groups") or [])
    return State(Choices(source=source_of(case), groups=frozenset(groups)))


def readable(case: Json, dump: Dump) -> list[str]:
    """The resources of the dump that are read; of the two sources only the chosen one."""
    other = ENDPOINTS.name if source_of(case) is Source.ENDPOINTSLICES else SLICES.name
    return [name for name in RESOURCES if name in dump.held and name != other]


def state_of(case: Json, dump: Any) -> State:
    """The state that lists what the dump holds."""
    found = read_dump(msgspec.json.encode(dump))
    state = new_state(case)
    for name in readable(case, found):
        state.deliver(Replace(name, "", found.objects[name]))
    state.settle(NOW)
    return state


def text_of(state: State) -> bytes:
    """Its exposition."""
    return b"".join(state.exposition.scrape(Format.TEXT_0_0_4).pieces())


def orders(case: Json) -> Iterator[Any]:
    """The dump in all orders: those of the black-box runner, and all permutations of its slices.

    With each permutation of slices their endpoints are as given, reversed and rotated.
    """
    yield from (dump for _, dump in run_cases.variants(case))
    if not case.get("permute") or not isinstance(case["dump"], dict):
        return
    items = case["dump"]["items"]
    at = [number for number, item in enumerate(items) if item["kind"] == "EndpointSlice"]
    if not 1 < len(at) <= MOST:
        return
    for turn, rev in itertools.product((0, 1), (False, True)):
        turned = run_cases.reordered({**case["dump"], "items": items}, turn, rev)["items"]
        for order in itertools.permutations(at):
            mixed = list(turned)
            for place, number in zip(at, order, strict=True):
                mixed[place] = turned[number]
            yield {**case["dump"], "items": mixed}


def test_there_are_cases() -> None:
    """The folder is where it should be, and holds what it should."""
    assert len(list(DATA.glob("A*.yaml"))) >= 50


@PATHS
def test_case_in_every_order(path: Path) -> None:
    """All that is expected is there, nothing that must not be, whatever the order."""
    case = read_case(path)
    first = None
    for dump in orders(case):
        text = text_of(state_of(case, dump))
        if first is None:
            first = text
            assert run_cases.compare(case, promtext.parse(text)) == []
        # The same bytes have been compared already.
        assert text == first


@PATHS
def test_case_event_by_event(path: Path) -> None:
    """Told one by one, backwards, and shown after each, the end is what a list would show."""
    case = read_case(path)
    found = read_dump(msgspec.json.encode(case["dump"]))
    state = new_state(case)
    names = readable(case, found)
    for name in names:
        state.deliver(Replace(name, "", ()))
    for name in reversed(names):
        for one in reversed(found.objects[name]):
            state.deliver(Upsert(name, one))
            state.settle(NOW)
    assert run_cases.compare(case, promtext.parse(text_of(state))) == []


@PATHS
def test_case_explained(path: Path) -> None:
    """The explanation has all its keys, and says what the case expects of it."""
    case = read_case(path)
    want = case["expect"].get("explain") or {}
    key = ServiceKey(want.get("namespace", "d"), want.get("service", "s"))
    state = state_of(case, case["dump"])
    report, view = state.reports.get(key), state.view(key)
    if report is None or view is None:
        assert not want
        return
    near: tuple[NearMiss, ...] = ()
    if report.reason is Reason.SELECTOR_MATCHES_NO_PODS:
        near = find_near_misses(report.service, state.cluster.pods())
    found = explain(view, report, now=NOW, near_misses=near)
    got = json.loads(msgspec.json.encode(found.answer()))
    assert set(got) >= run_cases.EXPLAIN_KEYS
    assert {name: got[name] for name in want} == want
    assert got["reason"] is None or got["message"].strip()
