"""Random Services without selector and the slices that somebody wrote for them by hand.

Whatever the API server takes may come: conditions set, unset and contradictory, several managers,
families, port names, protocols, missing numbers, the headless label, one address in several slices,
endpoints without Node or zone, hints for all, some or none. The same seed gives the same objects.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.e2e.manifests import SERVICE_NAME_LABEL, Manifest

NODES = {"node-1": "zone-a", "node-2": "zone-b", "node-3": "zone-c"}
PORTS = (
    {"name": "http", "port": 80, "protocol": "TCP"},
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
)
# Not the mirroring controller: it takes away what it did not write itself.
_MANAGERS = (None, "somebody.example", "another.example", "endpointslice-controller.k8s.io")
_FAMILIES = (["IPv4"], ["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"])


def make_random_service(namespace: str, name: str, dice: random.Random) -> Manifest:
    """A Service without selector, with one to three ports."""
    families = dice.choice(_FAMILIES)
    ports = dice.sample(PORTS, dice.randint(1, len(PORTS)))
    spec: Manifest = {
        "ports": [dict(port) for port in sorted(ports, key=lambda port: str(port["name"]))],
        "ipFamilies": families,
        "ipFamilyPolicy": "RequireDualStack" if len(families) == 2 else "SingleStack",
    }
    if dice.random() < 0.2:
        spec["internalTrafficPolicy"] = "Local"
    elif dice.random() < 0.2:
        spec["trafficDistribution"] = dice.choice(("PreferSameZone", "PreferSameNode"))
    if dice.random() < 0.15:
        spec |= {"type": "NodePort", "externalTrafficPolicy": dice.choice(("Local", "Cluster"))}
    if dice.random() < 0.1:
        spec["sessionAffinity"] = "ClientIP"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name},
        "spec": spec,
    }


def make_random_slices(service: Mapping[str, Any], dice: random.Random) -> list[Manifest]:
    """No to four slices for a Service; names are the same for the same place in the list."""
    hinted = dice.choice((0.0, 0.0, 1.0, 0.8))
    return [_make_slice(service, number, hinted, dice) for number in range(dice.randint(0, 4))]


def _make_slice(
    service: Mapping[str, Any], number: int, hinted: float, dice: random.Random
) -> Manifest:
    metadata, spec = service["metadata"], service["spec"]
    kind = dice.choice([*spec["ipFamilies"], *spec["ipFamilies"], "IPv4", "IPv6"])
    labels = {SERVICE_NAME_LABEL: metadata["name"]}
    manager = dice.choice(_MANAGERS)
    if manager is not None:
        labels["endpointslice.kubernetes.io/managed-by"] = manager
    if dice.random() < 0.1:
        labels["service.kubernetes.io/headless"] = ""
    # Mostly addresses of its own: what several entries of one address mean is often left open.
    first = 1 if dice.random() < 0.25 else 1 + 16 * number
    hosts = dice.sample(range(first, first + 12), dice.randint(0, 5))
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": metadata["namespace"],
            # The type of addresses of a slice can't be changed: another type is another object.
            "name": f"{metadata['name']}-{number}-{kind.lower()}",
            "labels": labels,
        },
        "addressType": kind,
        "ports": _make_ports(spec["ports"], dice),
        "endpoints": [_make_endpoint(kind, host, hinted, dice) for host in hosts],
    }


def _make_ports(ports: Sequence[Mapping[str, Any]], dice: random.Random) -> list[Manifest]:
    found = []
    for port in ports:
        shape = dice.random()
        if shape < 0.08:
            continue
        number = None if shape < 0.14 else dice.choice((8080, 8080, 9090))
        name = f"not-{port['name']}" if shape > 0.97 else port["name"]
        found.append({"name": name, "protocol": port["protocol"], "port": number})
    return found


def _make_endpoint(kind: str, host: int, hinted: float, dice: random.Random) -> Manifest:
    address = f"10.9.0.{host}" if kind == "IPv4" else f"fd00:9::{host:x}"
    states = {
        name: dice.choice(values)
        for name, values in (
            ("ready", (True, True, False, None)),
            ("serving", (True, False, None)),
            ("terminating", (True, False, False, None)),
        )
    }
    endpoint: Manifest = {
        "addresses": [address],
        "conditions": {name: value for name, value in states.items() if value is not None},
    }
    if dice.random() < 0.9:
        # One address is always on the same Node, as in life.
        node = list(NODES)[host % len(NODES)]
        endpoint |= {"nodeName": node, "zone": NODES[node]}
    if dice.random() < hinted:
        endpoint["hints"] = {"forZones": [{"name": dice.choice(list(NODES.values()))}]}
    return endpoint


def is_undefined(slices: Sequence[Mapping[str, Any]]) -> bool:
    """Whether kube-proxy's own source leaves open what these slices mean.

    Of several entries of one address the last that it happens to look at wins, save that one which
    is not terminating goes before those that are (kubernetes pkg/proxy/endpointslicecache.go).
    Where all of a sort say the same it does not matter.
    """
    meanings: dict[tuple[str, str, bool], set[str]] = {}
    for one in slices:
        for endpoint in one["endpoints"]:
            conditions = endpoint.get("conditions", {})
            leaving = conditions.get("terminating") is True
            said = (
                conditions.get("ready") is not False,
                conditions.get("serving") is not False,
                endpoint.get("nodeName"),
                endpoint.get("hints"),
            )
            key = (one["addressType"], endpoint["addresses"][0], leaving)
            meanings.setdefault(key, set()).add(repr(said))
    return any(len(found) > 1 for found in meanings.values())
