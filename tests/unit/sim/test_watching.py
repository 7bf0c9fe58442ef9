from __future__ import annotations

import json
from typing import Any

from exporter.sim.options import ListOptions, parse_options
from exporter.sim.resources import resource_named
from exporter.sim.store import Store
from exporter.sim.table import Change
from exporter.sim.watching import frame_of

_SERVICES = resource_named("services")


def _service(name: str, labels: dict[str, str], namespace: str = "d") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"kind": "Service", "apiVersion": "v1", "metadata": metadata, "spec": {}}


def _options(selector: str) -> ListOptions:
    return parse_options({"watch": "1", "labelSelector": selector}, _SERVICES)


def _seen(changes: list[Change], selector: str, namespace: str = "") -> list[tuple[str, str, str]]:
    """(type, version, labels' team) of each frame that a watch with a selector gets."""
    out = []
    for change in changes:
        frame = frame_of(change, _SERVICES, namespace, _options(selector).selects)
        if frame is not None:
            event = json.loads(frame)
            metadata = event["object"]["metadata"]
            team = metadata["labels"].get("team", "")
            out.append((event["type"], metadata["resourceVersion"], team))
    return out


def _history() -> list[Change]:
    store = Store(first_version=0)
    changes: list[Change] = []
    with store.listen(_SERVICES, changes.append):
        store.apply(_service("s", {"team": "a"}))  # 1
        store.apply(_service("s", {"team": "a", "x": "1"}))  # 2
        store.apply(_service("s", {"team": "b"}))  # 3
        store.apply(_service("s", {"team": "b", "x": "1"}))  # 4
        store.apply(_service("s", {"team": "a"}))  # 5
        store.delete("Service", "d", "s")  # 6
    return changes


def test_leaving_a_selection_is_a_deletion() -> None:
    """Out of the selector: DELETED with the former state at the new version; back in: ADDED."""
    assert _seen(_history(), "team=a") == [
        ("ADDED", "1", "a"),
        ("MODIFIED", "2", "a"),
        ("DELETED", "3", "a"),
        ("ADDED", "5", "a"),
        ("DELETED", "6", "a"),
    ]


def test_entering_a_selection_is_an_addition() -> None:
    """An object that comes in by a change is ADDED, whatever happened to it before."""
    assert _seen(_history(), "team=b") == [
        ("ADDED", "3", "b"),
        ("MODIFIED", "4", "b"),
        ("DELETED", "5", "b"),
    ]


def test_without_a_selector_changes_are_what_they_are() -> None:
    """A plain watch sees each change under its own name."""
    assert [kind for kind, _, _ in _seen(_history(), "")] == [
        "ADDED",
        "MODIFIED",
        "MODIFIED",
        "MODIFIED",
        "MODIFIED",
        "DELETED",
    ]


def test_other_namespaces_are_not_seen() -> None:
    """A watch of one namespace gets nothing of another."""
    assert _seen(_history(), "", "e") == []
    assert len(_seen(_history(), "", "d")) == 6
