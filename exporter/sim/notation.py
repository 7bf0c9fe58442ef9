"""The short notation in which scenarios declare a cluster.

Only shapes and defaults; what they become is written in `kinds`. Keys of services, workloads and
slices are `namespace/name`. Ages and times are seconds; `since` and `age` count back from the
moment the scenario starts.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

_DAY = 86_400.0
_RANGE = re.compile(r"^(\d+)\.\.(\d+)$")
_PORT = re.compile(
    r"^(?:(?P<name>[a-z0-9-]+) )?(?P<port>\d+)(?:>(?P<target>[A-Za-z0-9-]+))?"
    r"(?:/(?P<protocol>TCP|UDP|SCTP))?(?: as (?P<app>[A-Za-z0-9./-]+))?$"
)


class NodeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Node. `ready` False is a kubelet that no longer reports."""

    zone: str = ""
    ready: bool = True
    unschedulable: bool = False
    labels: dict[str, str] = {}
    since: float | None = None


class Port(msgspec.Struct, frozen=True):
    """A port of a Service or of a slice: `name 80>8080/TCP as http`; only the number has to be."""

    name: str
    number: int
    target: int | str
    protocol: str
    app: str = ""


class ServiceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Service. `selector` defaults to `app: <name>`; `none` is a Service without one.

    `slices: none` is a Service that the EndpointSlice controller has never reached, `stalled` one
    that it reaches no longer: its slices stay as they were. `deleting` is for how many seconds the
    deletionTimestamp has been there.
    """

    type: str = "ClusterIP"
    headless: bool = False
    ports: tuple[str, ...] = ("http 80>8080",)
    selector: dict[str, str] | Literal["none"] | None = None
    families: tuple[str, ...] = ("IPv4",)
    publish: bool = False
    internal: str = "Cluster"
    external: str = ""
    distribution: str = ""
    ingress: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_name: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] = {}
    slices: Literal["controller", "none"] = "controller"
    stalled: bool = False
    deleting: float | None = None
    age: float = 3 * _DAY


class PodSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Pod: which state it is in (`podstates`), on which node, of which revision.

    `ips` are its addresses in place of those given out; `since` is when it came into its state;
    `labels` are added to those of its workload, `-` takes one away; `last` and `restarts` replace
    what the state says.
    """

    state: str = "Ready"
    node: str = ""
    revision: int = 0
    ips: tuple[str, ...] | None = None
    since: float | None = None
    age: float | None = None
    labels: dict[str, str] = {}
    restarts: int | None = None
    last: str = ""
    ports: dict[str, int | str] | None = None


class WorkloadSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A workload and its Pods.

    `pods` maps short ids to Pods; an id `1..3` stands for three, and a Pod may be just its state,
    `Ready` or `Ready@node`. `replicas` defaults to the Pods that are not on their way out. `kind`
    is Deployment, ReplicaSet, StatefulSet, ReplicationController, DaemonSet, Job or none. `owner`
    is the controller of a ReplicaSet or ReplicationController that isn't served here, as in
    `Rollout web`. `failure` is why no more Pods can be made, for `failing` seconds.
    """

    kind: str = "Deployment"
    labels: dict[str, str] | None = None
    replicas: int | None = None
    ports: dict[str, int | str] = msgspec.field(default_factory=lambda: {"http": 8080})
    probes: tuple[str, ...] = ("readiness",)
    probe_port: int | str | None = None
    gates: tuple[str, ...] = ()
    init: bool = False
    governing: str = ""
    revision: int = 1
    image: str = "registry.example.com/app:1.4.2"
    families: tuple[str, ...] = ("IPv4",)
    owner: str = ""
    failure: str = ""
    failing: float = 3_600.0
    pods: dict[str, PodSpec] = {}
    age: float = 3 * _DAY


class EndpointSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint of a hand-written slice; conditions that are None are left out."""

    addresses: tuple[str, ...]
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None
    node: str = ""
    zone: str = ""
    hints: tuple[str, ...] = ()
    pod: str = ""


class SliceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A slice that somebody wrote by hand, or that is left over. `service` "" is no label."""

    service: str = ""
    family: str = "IPv4"
    ports: tuple[str, ...] = ()
    endpoints: tuple[EndpointSpec, ...] = ()
    managed_by: str = ""
    owner: str = ""
    labels: dict[str, str] = {}
    age: float = 3 * _DAY


class ClusterSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole cluster of a scenario. `objects` are written out in full, by any key."""

    nodes: dict[str, NodeSpec] = {}
    services: dict[str, ServiceSpec] = {}
    workloads: dict[str, WorkloadSpec] = {}
    slices: dict[str, SliceSpec] = {}
    objects: dict[str, dict[str, Any]] = {}


def parse_port(text: str) -> Port:
    """Read `name 80>8080/TCP`; ValueError when it is none."""
    found = _PORT.match(text)
    if found is None:
        raise ValueError(f"not a port: {text!r} (want `name 80>8080/TCP`)")
    number = int(found["port"])
    target: int | str = found["target"] or number
    if isinstance(target, str) and target.isdigit():
        target = int(target)
    return Port(found["name"] or "", number, target, found["protocol"] or "TCP", found["app"] or "")


def _pod(value: object) -> object:
    if not isinstance(value, str):
        return value
    state, _, node = value.partition("@")
    return {"state": state, "node": node}


def _endpoint(value: object) -> object:
    return {"addresses": [value]} if isinstance(value, str) else value


def normalise(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a declaration, or a change of one, with its shorthands written out.

    A change is merged into what is there as a JSON merge patch (null takes away), so ranges and
    strings have to be written out in both before.
    """
    out = dict(raw)
    if isinstance(raw.get("workloads"), dict):
        out["workloads"] = {key: _workload(value) for key, value in raw["workloads"].items()}
    if isinstance(raw.get("slices"), dict):
        out["slices"] = {key: _slice(value) for key, value in raw["slices"].items()}
    return out


def _workload(value: object) -> object:
    if not isinstance(value, dict) or not isinstance(value.get("pods"), dict):
        return value
    pods: dict[str, object] = {}
    for key, pod in value["pods"].items():
        found = _RANGE.match(str(key))
        ids = range(int(found[1]), int(found[2]) + 1) if found else [key]
        pods.update((str(i), _pod(pod)) for i in ids)
    return {**value, "pods": pods}


def _slice(value: object) -> object:
    if not isinstance(value, dict) or not isinstance(value.get("endpoints"), list):
        return value
    return {**value, "endpoints": [_endpoint(e) for e in value["endpoints"]]}
