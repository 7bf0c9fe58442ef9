"""The objects that controllers would make of manifests: Pods, EndpointSlices, what is defaulted.

All goes well in it: every Pod runs and is ready. So whatever is amiss of a Service is amiss by what
the manifests say. Nodes, zones and times are not made up: nobody can know them.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from exporter.analysis.families import served_families
from exporter.analysis.hints import resolve_port
from exporter.dump.holding import Found
from exporter.manifests.places import Json, Manifest
from exporter.manifests.templates import Template
from exporter.objects.codec import decode_object
from exporter.objects.legacy import Endpoints, tell_as_slices
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.pods import Pod
from exporter.objects.resources import BY_KIND, PODS, SERVICES, SLICES, WORKLOADS, Resource
from exporter.objects.services import Service
from exporter.objects.slices import (
    CONTROLLER,
    READY,
    SERVING,
    Endpoint,
    EndpointSlice,
    SlicePort,
)

#: Blocks for documentation (RFC 2544, RFC 3849): no address of a real Pod is among them.
_FIRST_V4 = int(ipaddress.IPv4Address("198.18.0.1"))
_FIRST_V6 = int(ipaddress.IPv6Address("2001:db8::1"))

_COUNTED = frozenset(resource.name for resource in WORKLOADS)
_RUNNING = [
    {"type": "PodScheduled", "status": "True"},
    {"type": "Initialized", "status": "True"},
    {"type": "ContainersReady", "status": "True"},
    {"type": "Ready", "status": "True"},
]


class Made(msgspec.Struct, frozen=True):
    """Objects by resource, and the template of each Pod by (namespace, name).

    `rejected` are manifests that the API server would refuse, each with why.
    """

    objects: dict[str, list[Found]]
    templates: dict[tuple[str, str], Template]
    rejected: tuple[tuple[Manifest, str], ...]


def make_objects(manifests: Iterable[Manifest], templates: Iterable[Template]) -> Made:
    """What there would be after `kubectl apply`, once every controller has done its work."""
    objects: dict[str, list[Found]] = {}
    rejected: list[tuple[Manifest, str]] = []
    made = list(templates)
    counts = {id(one.owner): one.count for one in made}
    for one in manifests:
        resource = BY_KIND.get((one.group, one.kind))
        if resource is None or resource is PODS:
            continue
        if resource.name in _COUNTED and id(one) not in counts:
            continue  # nothing is known of its Pods, not even that there are none
        found = _decode(resource, _complete(resource, one, counts))
        if isinstance(found, Rejected):
            rejected.append((one, found.why))
        objects.setdefault(resource.name, []).append(found)
    pods, owners = _make_pods(made, rejected)
    objects[PODS.name] = list(pods)
    slices = objects.setdefault(SLICES.name, [])
    named = {(one.namespace, one.name) for one in slices}
    for service in objects.get(SERVICES.name, ()):
        if isinstance(service, Service) and service.selector and service.type != "ExternalName":
            slices += [
                piece
                for piece in make_slices(service, pods)
                if (piece.namespace, piece.name) not in named
            ]
    slices += _mirror(objects)
    return Made(objects, owners, tuple(rejected))


def _decode(resource: Resource, value: Json) -> Found:
    try:
        return decode_object(resource, msgspec.json.encode(value))
    except DecodeError as error:  # pragma: no cover - what was just encoded is JSON
        return Rejected(resource.name, "", "", "", str(error))


def _complete(resource: Resource, one: Manifest, counts: Mapping[int, int]) -> Json:
    """The object with what the API server and controllers would put in."""
    value = copy.copy(one.value)
    meta = dict(value.get("metadata") or {})
    for key in ("creationTimestamp", "deletionTimestamp", "resourceVersion", "managedFields"):
        meta.pop(key, None)  # of a manifest that was exported they say nothing
    if resource.namespaced:
        meta["namespace"] = one.namespace
    meta["uid"] = f"{one.kind}/{one.namespace}/{one.name}"
    value["metadata"] = meta
    value.pop("status", None)
    if resource is SERVICES:
        value["spec"] = _complete_service(value.get("spec"))
        value["status"] = {"loadBalancer": {"ingress": [{"hostname": "given.invalid"}]}}
    elif resource.name in _COUNTED:
        count = counts[id(one)]
        spec = value.get("spec")
        value["spec"] = {**spec, "replicas": count} if isinstance(spec, dict) else spec
        value["status"] = {
            "replicas": count,
            "desiredNumberScheduled": count,
            "currentNumberScheduled": count,
        }
    return value


def _complete_service(spec: object) -> object:
    """What is defaulted (kubernetes pkg/registry/core/service, pkg/apis/core/v1/defaults.go)."""
    if not isinstance(spec, dict) or spec.get("type") == "ExternalName":
        return spec
    spec = dict(spec)
    if not spec.get("ipFamilies"):
        given = str(spec.get("clusterIP") or "")
        dual = spec.get("ipFamilyPolicy") == "RequireDualStack"
        first = "IPv6" if ":" in given else "IPv4"
        other = "IPv4" if first == "IPv6" else "IPv6"
        spec["ipFamilies"] = [first, other] if dual else [first]
    return spec


def _make_pods(
    templates: Iterable[Template], rejected: list[tuple[Manifest, str]]
) -> tuple[list[Pod], dict[tuple[str, str], Template]]:
    pods: list[Pod] = []
    owners: dict[tuple[str, str], Template] = {}
    for template in templates:
        for number in range(template.count):
            found = _decode(PODS, _write_pod(template, number, len(pods)))
            if not isinstance(found, Pod):
                rejected.append((template.owner, getattr(found, "why", "")))
                break
            pods.append(found)
            owners[found.namespace, found.name] = template
    return pods, owners


def _write_pod(template: Template, number: int, at: int) -> Json:
    owner = template.owner
    # Workloads of two kinds may have one name; their Pods may not.
    name = owner.name if owner.kind == "Pod" else f"{owner.kind.lower()}-{owner.name}-{number}"
    v4 = str(ipaddress.IPv4Address(_FIRST_V4 + at % (1 << 16)))
    v6 = str(ipaddress.IPv6Address(_FIRST_V6 + at))
    meta: Json = {
        "name": name,
        "namespace": owner.namespace,
        "labels": {**template.labels, **_own_labels(owner, number)},
    }
    if owner.kind != "Pod":
        meta["ownerReferences"] = [
            {
                "kind": owner.kind,
                "name": owner.name,
                "uid": f"{owner.kind}/{owner.namespace}/{owner.name}",
                "controller": True,
            }
        ]
    spec = {key: value for key, value in template.spec.items() if key != "readinessGates"}
    status = {
        "phase": "Running",
        "podIP": v4,
        "podIPs": [{"ip": v4}, {"ip": v6}],
        "conditions": _RUNNING,
    }
    return {"metadata": meta, "spec": spec, "status": status}


def _own_labels(owner: Manifest, number: int) -> dict[str, str]:
    """Labels that controllers add, and Services select by."""
    if owner.kind == "StatefulSet":
        first = owner.get("spec", "ordinals", "start")
        index = number + (first if isinstance(first, int) else 0)
        return {
            "statefulset.kubernetes.io/pod-name": f"{owner.name}-{index}",
            "apps.kubernetes.io/pod-index": str(index),
        }
    if owner.kind == "Job":
        return {"job-name": owner.name, "batch.kubernetes.io/job-name": owner.name}
    return {}


def make_slices(service: Service, pods: Iterable[Pod]) -> Iterator[EndpointSlice]:
    """What the slice controller would write for a Service (k8s.io/endpointslice, reconciler.go).

    A slice for each family and each set of ports; a named port that a Pod lacks is left out of it.
    """
    wanted = service.selector.items()
    selected = [
        pod for pod in pods if pod.namespace == service.namespace and wanted <= pod.labels.items()
    ]
    for family in served_families(service):
        groups: dict[tuple[SlicePort, ...], list[Endpoint]] = {}
        for pod in selected:
            address = next((ip for ip in pod.ips if (":" in ip) == (family == "IPv6")), None)
            if address is not None:
                entry = Endpoint(address, READY | SERVING, "", "", pod.name)
                groups.setdefault(_find_ports(service, pod), []).append(entry)
        # Without any Pod there is a placeholder: a slice that holds nothing.
        for number, (ports, endpoints) in enumerate((groups or {(): []}).items()):
            yield EndpointSlice(
                namespace=service.namespace,
                name=f"{service.name}-{family.lower()}-{number}",
                resource_version="",
                service=service.name,
                managed_by=CONTROLLER,
                headless=service.headless,
                truncated=False,
                triggered=None,
                changed=None,
                address_type=family,
                ports=ports,
                endpoints=tuple(endpoints),
            )


def _find_ports(service: Service, pod: Pod) -> tuple[SlicePort, ...]:
    found = []
    for port in service.ports:
        number = resolve_port(port, pod.facts)
        if number is not None:
            found.append(SlicePort(port.name, port.protocol, number))
    return tuple(found)


def _mirror(objects: Mapping[str, list[Found]]) -> Iterator[EndpointSlice]:
    """Slices of Endpoints that somebody wrote for a Service without a selector."""
    bare = {
        (one.namespace, one.name)
        for one in objects.get(SERVICES.name, ())
        if isinstance(one, Service) and not one.selector
    }
    for one in objects.get("endpoints", ()):
        if isinstance(one, Endpoints) and (one.namespace, one.name) in bare:
            for number, piece in enumerate(tell_as_slices(one)):
                yield msgspec.structs.replace(piece, name=f"{one.name}-{number}")
