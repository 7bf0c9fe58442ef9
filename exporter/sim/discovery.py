"""What the server says of itself: versions, health, groups and resources.

Never holds state; what is served is given to it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from exporter.sim.encoding import encode_json
from exporter.sim.resources import RESOURCES, Resource

VERSION = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2-simulated",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-09-01T00:00:00Z",
    "goVersion": "go1.26.0",
    "compiler": "gc",
    "platform": "linux/amd64",
}
#: Paths that need no credentials (ClusterRole system:public-info-viewer).
PUBLIC = frozenset({"/version", "/version/", "/healthz", "/livez", "/readyz"})


def version_body() -> bytes:
    """Return the body of /version, indented as a real server prints it."""
    return json.dumps(VERSION, indent=2).encode()


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    entries = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _groups(served: Collection[Resource]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for resource in served:
        if resource.group:
            versions = out.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
    return out


def _resource_list(served: Collection[Resource], root: str) -> dict[str, Any] | None:
    here = [r for r in served if r.root == root]
    if not here:
        return None
    group = here[0].group
    entries = []
    for resource in here:
        entry: dict[str, Any] = {
            "name": resource.plural,
            "singularName": resource.kind.lower(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": ["get", "list", "watch"],
        }
        if resource.short:
            entry["shortNames"] = list(resource.short)
        entries.append(entry)
    out: dict[str, Any] = {"kind": "APIResourceList"}
    if group:
        out["apiVersion"] = "v1"
    return out | {"groupVersion": here[0].api_version, "resources": entries}


def discovery_body(path: str, unserved: Collection[str], address: str) -> bytes | None:
    """Return the body of a discovery path (without a slash at the end), None for any other path.

    `unserved` holds the qualified plurals that this server doesn't have; `address` is host:port.
    """
    served = [r for r in RESOURCES if r.qualified not in unserved]
    groups = _groups(served)
    out: dict[str, Any] | None
    if path == "/api":
        client = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
        out = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": client}
    elif path == "/apis":
        listed = [_group(name, versions) for name, versions in groups.items()]
        out = {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    elif path.startswith("/apis/") and path.count("/") == 2:
        name = path.removeprefix("/apis/")
        if name not in groups:
            return None
        out = {"kind": "APIGroup", "apiVersion": "v1"} | _group(name, groups[name])
    else:
        out = _resource_list(served, path)
    return None if out is None else encode_json(out) + b"\n"
