"""Objects as an API server writes them, for tests of the core, and a state that has read them.

The defaults are those of semantics.md §7: Service `s` in namespace `d`, ClusterIP, one port `http`
80/TCP to 8080, selector `app: s`, slices of the EndpointSlice controller. It never reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.engine.state import Choices, State
from exporter.exposition import Format
from exporter.model import ObjectKey, Replace, ServiceKey, ServiceReport, Source, Upsert
from exporter.objects.codec import Retained, decode_object
from exporter.objects.meta import Rejected
from exporter.objects.resources import RESOURCES
from exporter.objects.slices import CONTROLLER

Json = dict[str, Any]

KEY = ServiceKey("d", "s")
NOW = 1_700_000_000.0

#: Families that tell what was seen over time: the same objects may give another value.
HISTORICAL = frozenset(
    {
        "k8s_service_endpoints_unavailable_since_timestamp_seconds",
        "k8s_service_endpoints_changes_total",
        "k8s_service_endpoints_unavailable_seconds_total",
        "k8s_service_endpoints_last_change_timestamp_seconds",
    }
)

ALL_GROUPS = frozenset(group.value for group in Group)

HTTP: Json = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}


def meta(name: str, namespace: str = "d", **fields: Any) -> Json:
    """`metadata` with a uid of its own and resourceVersion 1."""
    uid = f"uid-{namespace}-{name}"
    return {
        "name": name,
        "namespace": namespace,
        "uid": uid,
        "resourceVersion": "1",
        "creationTimestamp": "2023-11-14T00:00:00Z",
        **fields,
    }


def service(
    name: str = "s", namespace: str = "d", *, metadata: Json | None = None, **spec: Any
) -> Json:
    """A Service; keywords are fields of its spec, None takes one away."""
    fields = {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.10",
        "clusterIPs": ["10.96.0.10"],
        "ipFamilies": ["IPv4"],
        "selector": {"app": name},
        "ports": [HTTP],
        "internalTrafficPolicy": "Cluster",
        **spec,
    }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta(name, namespace, **(metadata or {})),
        "spec": {key: value for key, value in fields.items() if value is not None},
        "status": {"loadBalancer": {}},
    }


def headless(name: str = "s", namespace: str = "d", **spec: Any) -> Json:
    """A headless Service."""
    return service(name, namespace, **{"clusterIP": "None", "clusterIPs": ["None"], **spec})


_LETTERS = {"T": True, "F": False}


def endpoint(address: str, rst: str = "TTF", **fields: Any) -> Json:
    """An endpoint; `.1` is 10.0.0.1, `rst` is ready/serving/terminating with `-` for unset."""
    if address.startswith("."):
        address = f"10.0.0{address}"
    names = ("ready", "serving", "terminating")
    conditions = {n: _LETTERS[x] for n, x in zip(names, rst, strict=True) if x != "-"}
    target = {"kind": "Pod", "namespace": "d", "name": f"pod-{address}", "uid": f"uid-{address}"}
    return {"addresses": [address], "conditions": conditions, "targetRef": target, **fields}


def slice_of(
    *endpoints: Json,
    name: str = "s-1",
    namespace: str = "d",
    service: str | None = "s",
    managed_by: str | None = CONTROLLER,
    labels: Json | None = None,
    metadata: Json | None = None,
    **fields: Any,
) -> Json:
    """A slice of these endpoints; keywords are fields of the object, beside its metadata."""
    own: Json = dict(labels or {})
    if service is not None:
        own["kubernetes.io/service-name"] = service
    if managed_by is not None:
        own["endpointslice.kubernetes.io/managed-by"] = managed_by
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta(name, namespace, labels=own, **(metadata or {})),
        "addressType": "IPv4",
        "endpoints": list(endpoints),
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        **fields,
    }


def placeholder(name: str = "s-1", **fields: Any) -> Json:
    """What the controller leaves when there is nothing to publish: nulls, not empty lists."""
    return slice_of(name=name, **{"endpoints": None, "ports": None, **fields})


def endpoints_of(*subsets: Json, name: str = "s", namespace: str = "d", **metadata: Any) -> Json:
    """A legacy Endpoints object."""
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": meta(name, namespace, **metadata),
        "subsets": list(subsets),
    }


def pod(name: str = "p", ip: str = "", namespace: str = "d", **labels: str) -> Json:
    """A Pod that is ready, labelled app=s unless told otherwise; without an IP a pending one."""
    ready = {"type": "Ready", "status": "True" if ip else "False"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta(name, namespace, labels=labels or {"app": "s"}),
        "spec": {"containers": [{"name": "app"}], **({"nodeName": "n1"} if ip else {})},
        "status": {
            "phase": "Running" if ip else "Pending",
            "conditions": [ready],
            **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {}),
        },
    }


def node(name: str, *, cordoned: bool = False, **labels: str) -> Json:
    """A Node that is ready."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "resourceVersion": "1", "labels": labels},
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def at_version(found: Json, version: str) -> Json:
    """The object as of another resourceVersion."""
    return {**found, "metadata": {**found["metadata"], "resourceVersion": version}}


_PLURALS = {resource.kind: resource.name for resource in RESOURCES.values()}


def resource_of(found: Json) -> str:
    """The plural of an object's kind."""
    return _PLURALS[found["kind"]]


def decode(found: Json) -> Retained | Rejected:
    """The object as the codec reads it, out of bytes."""
    return decode_object(RESOURCES[resource_of(found)], msgspec.json.encode(found))


def upsert(found: Json) -> Upsert:
    """The change that brings the object."""
    return Upsert(resource_of(found), decode(found))


def key_of(found: Json) -> ObjectKey:
    """The object's key."""
    return ObjectKey(found["metadata"].get("namespace", ""), found["metadata"]["name"])


def replace(resource: str, *objects: Json, namespace: str = "") -> Replace:
    """The change that a list of the resource makes."""
    return Replace(resource, namespace, tuple(decode(found) for found in objects))


def replaces(objects: Iterable[Json], *read: str) -> list[Replace]:
    """What lists of these objects give: one per resource in `read` and per kind that occurs."""
    held: dict[str, list[Json]] = {name: [] for name in read}
    for found in objects:
        held.setdefault(resource_of(found), []).append(found)
    return [replace(name, *found) for name, found in held.items()]


def choices(*, groups: Iterable[str] = DEFAULT_GROUPS, **fields: Any) -> Choices:
    """What the user chose."""
    return Choices(groups=frozenset(str(group) for group in groups), **fields)


def state_of(
    *objects: Json,
    read: Iterable[str] = (),
    now: float = NOW,
    groups: Iterable[str] = DEFAULT_GROUPS,
    **chosen: Any,
) -> State:
    """A state that has listed these objects.

    Services and the source are read even when there is none of them, so is what `read` names.
    """
    source: Source = chosen.get("source", Source.ENDPOINTSLICES)
    state = State(choices(groups=groups, **chosen))
    for change in replaces(objects, "services", source.value, *read):
        state.deliver(change)
    state.settle(now)
    return state


def report_of(*objects: Json, key: ServiceKey = KEY, **options: Any) -> ServiceReport:
    """The report on d/s, as state_of reads it, with everything that some group tells."""
    return state_of(*objects, **{"groups": ALL_GROUPS, **options}).reports[key]


def text_of(state: State, form: Format = Format.TEXT_0_0_4, **restrictions: Any) -> str:
    """The exposition."""
    return b"".join(state.exposition.scrape(form, **restrictions).pieces()).decode()


def lines_of(state: State, family: str) -> list[str]:
    """The sample lines of one family, without its name."""
    text = text_of(state, families=frozenset({family}))
    return [line.removeprefix(family) for line in text.splitlines() if not line.startswith("#")]
