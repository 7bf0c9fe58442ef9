"""A second, plain way to count what slices say; scenarios are checked against it.

Written from the API's definitions for tests alone: no merging rules of the product are used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)\{(?P<labels>[^}]*)\}(?: (?P<value>\S+))?$")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="([^"]*)"(?:,|$)')

Sample = tuple[str, frozenset[tuple[str, str]]]


def parse_sample(text: str) -> tuple[str, dict[str, str], float | None]:
    """Return name, labels and value of `name{a="b"} 1`; AssertionError when it is none."""
    found = _SAMPLE.match(text)
    assert found, text
    labels = _LABEL.findall(found["labels"])
    assert ",".join(f'{k}="{v}"' for k, v in labels) == found["labels"], text
    assert len(dict(labels)) == len(labels), text
    return found["name"], dict(labels), float(found["value"]) if found["value"] else None


def _best(states: list[tuple[bool, bool, bool]]) -> tuple[bool, bool, bool]:
    """Of several entries for an address: not terminating before all, then ready, then serving."""
    return max(states)


def count(objects: list[dict[str, Any]]) -> dict[Sample, float]:
    """Return the samples that follow from Services and their slices alone."""
    services = {
        (o["metadata"]["namespace"], o["metadata"]["name"]): o
        for o in objects
        if o["kind"] == "Service"
    }
    entries: dict[tuple[str, str], list[tuple[str, Any, Any]]] = defaultdict(list)
    slices: dict[tuple[str, str], int] = defaultdict(int)
    for obj in objects:
        if obj["kind"] != "EndpointSlice":
            continue
        labels = obj["metadata"].get("labels") or {}
        key = (obj["metadata"]["namespace"], labels.get("kubernetes.io/service-name", ""))
        slices[key] += 1
        for endpoint in obj["endpoints"] or []:
            entries[key].append((obj["addressType"], endpoint, obj["ports"] or []))
    out: dict[Sample, float] = {}
    for key, service in services.items():
        if service["spec"].get("type") != "ExternalName":
            out |= _count_one(key, service["spec"], entries[key], slices[key])
    return out


def _state(endpoint: dict[str, Any]) -> tuple[bool, bool, bool]:
    """(not terminating, ready, serving)."""
    conditions = endpoint.get("conditions") or {}

    def read(name: str, unset: bool) -> bool:
        value = conditions.get(name)
        return unset if value is None else value

    return (not read("terminating", False), read("ready", True), read("serving", True))


def _count_one(
    key: tuple[str, str], spec: dict[str, Any], entries: list[tuple[str, Any, Any]], slices: int
) -> dict[Sample, float]:
    who = {("namespace", key[0]), ("service", key[1])}
    merged: dict[tuple[str, str], list[tuple[bool, bool, bool]]] = defaultdict(list)
    for family, endpoint, _ in entries:
        merged[family, endpoint["addresses"][0]].append(_state(endpoint))
    best = {where: _best(states) for where, states in merged.items()}
    out: dict[Sample, float] = {}
    for family in {*spec["ipFamilies"], *(f for f, _ in best)}:
        mine = [s for (f, _), s in best.items() if f == family]
        for name, number in (
            ("ready", sum(s[1] for s in mine)),
            ("not_ready", sum(not s[1] for s in mine)),
            ("serving", sum(s[2] for s in mine)),
            ("terminating", sum(not s[0] for s in mine)),
        ):
            labels = frozenset(who | {("address_type", family)})
            out[f"k8s_service_endpoints_{name}", labels] = number
    routable: set[str] = set()
    headless = spec["clusterIP"] == "None"
    for port in spec.get("ports") or []:
        states: dict[tuple[str, int], list[tuple[bool, bool, bool]]] = defaultdict(list)
        for family, endpoint, ports in entries:
            for there in ports:
                same = (there.get("name", ""), there.get("protocol", "TCP")) == (
                    port.get("name", ""),
                    port["protocol"],
                )
                if same and there.get("port") and family in spec["ipFamilies"]:
                    pair = (endpoint["addresses"][0], there["port"])
                    states[pair].append(_state(endpoint))
        here = {pair: _best(found) for pair, found in states.items()}
        ready = {ip for (ip, _), s in here.items() if s[1]}
        routable |= ready or {ip for (ip, _), s in here.items() if s[2] and not s[0]}
        labels = frozenset(
            who
            | {
                ("port_name", port.get("name", "")),
                ("protocol", port["protocol"]),
                ("port", str(port["port"])),
            }
        )
        out["k8s_service_endpoints_port_ready", labels] = sum(s[1] for s in here.values())
    if headless:
        routable = {ip for (_, ip), s in best.items() if s[1]}
        routable = routable or {ip for (_, ip), s in best.items() if s[2] and not s[0]}
    out["k8s_service_endpoints_routable", frozenset(who)] = len(routable)
    out["k8s_service_endpoints_slices", frozenset(who)] = slices
    return out
