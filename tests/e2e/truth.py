"""What the exporter must say, computed a second time and on its own from what kubectl prints.

Shares no code with the exporter. It covers the families that follow from Services and slices alone
and hold no time; reasons are compared with what the tests have staged instead.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.harness.samples import Samples, make_key
from tests.e2e.manifests import SERVICE_NAME_LABEL

PREFIX = "k8s_service_endpoints_"
FAMILIES = (
    "k8s_service_info",
    "k8s_service_load_balancer_ingress",
    *(
        PREFIX + name
        for name in (
            "ready",
            "not_ready",
            "serving",
            "terminating",
            "routable",
            "min_ready",
            "port_ready",
            "ready_nodes",
            "ready_zones",
            "zone_ready",
            "slices",
            "slices_foreign",
        )
    ),
)
_HEADLESS = "service.kubernetes.io/headless"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_KUBERNETES_WRITERS = (
    "endpointslice-controller.k8s.io",
    "endpointslicemirroring-controller.k8s.io",
)


@dataclass(frozen=True)
class _Entry:
    """One endpoint of one slice, with nothing left unset."""

    kind: str
    address: str
    ready: bool
    serving: bool
    terminating: bool
    node: str
    zone: str
    hints: frozenset[str]
    headless: bool
    ports: tuple[tuple[str, str, int], ...]

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The larger of two entries with one address counts (semantics D2)."""
        return (not self.terminating, self.ready, self.serving)


def expect_samples(items: Iterable[Mapping[str, Any]]) -> Samples:
    """Return the samples of FAMILIES for all Services among `items` (Services and slices)."""
    services = []
    slices = defaultdict(list)
    for item in items:
        metadata = item["metadata"]
        if item["kind"] == "Service":
            services.append(item)
        elif item["kind"] == "EndpointSlice":
            owner = metadata.get("labels", {}).get(SERVICE_NAME_LABEL, "")
            slices[metadata["namespace"], owner].append(item)
    samples: Samples = {}
    for service in services:
        place = (service["metadata"]["namespace"], service["metadata"]["name"])
        samples |= _expect_service(service, slices[place])
    return samples


def _expect_service(service: Mapping[str, Any], slices: list[Mapping[str, Any]]) -> Samples:
    where = {
        "namespace": service["metadata"]["namespace"],
        "service": service["metadata"]["name"],
    }
    spec = service["spec"]
    samples: Samples = {make_key("k8s_service_info", {**where, **_describe(spec)}): 1.0}

    def put(name: str, value: float, **labels: str) -> None:
        samples[make_key(PREFIX + name, {**where, **labels})] = float(value)

    if spec["type"] == "ExternalName":
        return samples
    if spec["type"] == "LoadBalancer":
        ingress = service["status"].get("loadBalancer", {}).get("ingress", [])
        samples[make_key("k8s_service_load_balancer_ingress", where)] = float(len(ingress))

    entries = [entry for one in slices for entry in _read_slice(one)]
    merged = _merge(entries)
    kinds = [*spec["ipFamilies"], *(one["addressType"] for one in slices)]
    for kind in dict.fromkeys(kinds):
        states = [entry for entry in merged.values() if entry.kind == kind]
        put("ready", sum(e.ready for e in states), address_type=kind)
        put("not_ready", sum(not e.ready for e in states), address_type=kind)
        put("serving", sum(e.serving for e in states), address_type=kind)
        put("terminating", sum(e.terminating for e in states), address_type=kind)

    ready = [entry for entry in merged.values() if entry.ready]
    put("ready_nodes", len({entry.node for entry in ready} - {""}))
    zones = [entry.zone for entry in ready]
    put("ready_zones", len(set(zones) - {""}))
    for zone in set(zones):
        put("zone_ready", zones.count(zone), zone=zone)

    put("min_ready", 1)
    put("routable", len(_find_routable(spec, entries)))
    put("slices", len(slices))
    writers = [one["metadata"].get("labels", {}).get(_MANAGED_BY, "") for one in slices]
    put("slices_foreign", sum(bool(who) and who not in _KUBERNETES_WRITERS for who in writers))
    for port in spec.get("ports", []):
        pairs = {pair for pair, entry in _merge_pairs(spec, port, entries).items() if entry.ready}
        put(
            "port_ready",
            len(pairs),
            port_name=port.get("name", ""),
            protocol=port["protocol"],
            port=str(port["port"]),
        )
    return samples


def _describe(spec: Mapping[str, Any]) -> dict[str, str]:
    def say(value: object) -> str:
        return "true" if value else "false"

    return {
        "type": spec["type"],
        "headless": say(spec.get("clusterIP") == "None"),
        "selector": say(spec.get("selector")),
        "publish_not_ready_addresses": say(spec.get("publishNotReadyAddresses")),
        "internal_traffic_policy": spec.get("internalTrafficPolicy", ""),
        "external_traffic_policy": spec.get("externalTrafficPolicy", ""),
        "traffic_distribution": spec.get("trafficDistribution", ""),
        "ip_families": ",".join(spec.get("ipFamilies", [])),
    }


def _read_slice(one: Mapping[str, Any]) -> list[_Entry]:
    ports = tuple(
        (port.get("name") or "", port.get("protocol") or "TCP", port.get("port") or 0)
        for port in one.get("ports") or []
    )
    entries = []
    for endpoint in one.get("endpoints") or []:
        conditions = endpoint.get("conditions") or {}
        zones = (endpoint.get("hints") or {}).get("forZones") or []
        address = endpoint["addresses"][0]
        if one["addressType"] != "FQDN":
            address = str(ipaddress.ip_address(address))
        entries.append(
            _Entry(
                kind=one["addressType"],
                address=address,
                ready=conditions.get("ready") is not False,
                serving=conditions.get("serving") is not False,
                terminating=conditions.get("terminating") is True,
                node=endpoint.get("nodeName") or "",
                zone=endpoint.get("zone") or "",
                hints=frozenset(zone["name"] for zone in zones),
                headless=_HEADLESS in one["metadata"].get("labels", {}),
                ports=ports,
            )
        )
    return entries


def _merge(entries: Iterable[_Entry]) -> dict[tuple[str, str], _Entry]:
    merged: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        known = merged.get((entry.kind, entry.address))
        if known is None or entry.rank > known.rank:
            merged[entry.kind, entry.address] = entry
    return merged


def _merge_pairs(
    spec: Mapping[str, Any], port: Mapping[str, Any], entries: Iterable[_Entry]
) -> dict[tuple[str, int], _Entry]:
    """Return the merged entry of each (address, number) behind one Service port.

    kube-proxy sees no slice with the headless label, and no family but the Service's own.
    """
    wanted = (port.get("name", ""), port["protocol"])
    pairs: dict[tuple[str, int], _Entry] = {}
    for entry in entries:
        if entry.kind not in spec["ipFamilies"] or entry.headless:
            continue
        for name, protocol, number in entry.ports:
            if (name, protocol) != wanted or not number:
                continue
            known = pairs.get((entry.address, number))
            if known is None or entry.rank > known.rank:
                pairs[entry.address, number] = entry
    return pairs


def _find_routable(spec: Mapping[str, Any], entries: list[_Entry]) -> set[str]:
    if spec.get("clusterIP") == "None":
        return _choose(_merge(entry for entry in entries if entry.kind != "FQDN").values())
    return {
        address
        for port in spec.get("ports", [])
        for family in spec["ipFamilies"]
        for address in _choose(_of_family(family, _merge_pairs(spec, port, entries)).values())
    }


def _of_family(
    family: str, pairs: Mapping[tuple[str, int], _Entry]
) -> dict[tuple[str, int], _Entry]:
    # Each family has a proxier of its own, which falls back to terminating ones by itself.
    return {pair: entry for pair, entry in pairs.items() if entry.kind == family}


def _choose(entries: Iterable[_Entry]) -> set[str]:
    """Return the ready addresses or, when there is none, those serving while terminating."""
    return {entry.address for entry in _use(list(entries))}


def _use(entries: list[_Entry]) -> list[_Entry]:
    ready = [entry for entry in entries if entry.ready]
    return ready or [entry for entry in entries if entry.serving and entry.terminating]


def find_targets(
    service: Mapping[str, Any],
    slices: Iterable[Mapping[str, Any]],
    *,
    node: str,
    zone: str,
) -> dict[tuple[str, str, int], frozenset[tuple[str, int]]]:
    """Return where (cluster IP, protocol, port) lead on one Node: unique (address, number).

    The rules are those of kubernetes pkg/proxy/topology.go for a headful Service.
    """
    spec = service["spec"]
    entries = [entry for one in slices for entry in _read_slice(one)]
    found = {}
    for family, address in zip(spec["ipFamilies"], spec["clusterIPs"], strict=True):
        for port in spec["ports"]:
            pairs = _of_family(family, _merge_pairs(spec, port, entries))
            if spec.get("internalTrafficPolicy") == "Local":
                pairs = {pair: entry for pair, entry in pairs.items() if entry.node == node}
            used = _use(list(pairs.values()))
            if spec.get("internalTrafficPolicy") != "Local":
                used = _heed_hints(used, zone)
            chosen = {pair for pair, entry in pairs.items() if entry in used}
            found[address, port["protocol"], port["port"]] = frozenset(chosen)
    return found


def _heed_hints(used: list[_Entry], zone: str) -> list[_Entry]:
    """One ready endpoint without a hint, or none for this zone: all are used."""
    if not all(entry.hints for entry in used if entry.ready):
        return used
    return [entry for entry in used if entry.ready and zone in entry.hints] or used
