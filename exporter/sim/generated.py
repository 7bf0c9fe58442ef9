"""Large clusters by their numbers: many Services, each with its slice and its addresses.

Objects are as small as the real ones: what controllers write, nothing more. Never random.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporter.sim.encoding import Object
from exporter.sim.kinds.nodes import build_namespace, build_node
from exporter.sim.kinds.slices import CONTROLLER, PER_SLICE, TRIGGER
from exporter.sim.notation import NodeSpec
from exporter.sim.stamps import pod_ip, stamp, suffix_of, uid_of

_NAMESPACES = 50
_NODES = 30
_ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
_AGE = 86_400.0


def generate_cluster(
    *, services: int, addresses: int, now: float, ready: int | None = None, pods: bool = False
) -> Iterator[Object]:
    """Yield a cluster: Service `service-N` in Namespace `team-(N mod 50)` for every N.

    Each has one TCP port `http` 80 and `addresses` endpoints, of which the first `ready` are ready
    (None: all), spread over 30 Nodes in three zones. `pods` adds a Pod for every endpoint; without
    them endpoints name none, for the name of a Pod that isn't there is a fault. `now` is Unix
    seconds.
    """
    made = now - _AGE
    for number in range(min(_NAMESPACES, services)):
        yield build_namespace(f"team-{number}", made)
    for number in range(_NODES):
        yield build_node(f"worker-{number}", NodeSpec(zone=_ZONES[number % 3]), made, made)
    for number in range(services):
        namespace, name = f"team-{number % _NAMESPACES}", f"service-{number}"
        yield _service(namespace, name, number, made)
        good = addresses if ready is None else ready
        for at in range(0, addresses, PER_SLICE):
            chunk = range(at, min(at + PER_SLICE, addresses))
            yield _slice(namespace, name, number * addresses, chunk, good, made, named=pods)
        if pods:
            for at in range(addresses):
                yield _pod(namespace, name, number * addresses + at, at, made, is_ready=at < good)


def _service(namespace: str, name: str, number: int, made: float) -> Object:
    ip = f"10.{96 + (number >> 16)}.{(number >> 8) % 256}.{number % 256}"
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid_of("Service", namespace, name),
            "creationTimestamp": stamp(made),
            "labels": {"app": name},
        },
        "spec": {
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
            "selector": {"app": name},
            "clusterIP": ip,
            "clusterIPs": [ip],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    }


def _pod_name(hashed: str, name: str, at: int) -> str:
    return f"{name}-{hashed}-{at:05}"


def _slice(
    namespace: str,
    name: str,
    first: int,
    chunk: range,
    ready: int,
    made: float,
    *,
    named: bool,
) -> Object:
    suffix = suffix_of(5, namespace, name, chunk.start)
    hashed = suffix_of(10, name)  # once for all endpoints: hashing is what takes the time here

    def target(at: int) -> Object:
        pod = {
            "kind": "Pod",
            "namespace": namespace,
            "name": _pod_name(hashed, name, at),
            "uid": f"00000000-0000-4000-8000-{first + at:012x}",
        }
        return {"targetRef": pod}

    endpoints = [
        {
            "addresses": [pod_ip("IPv4", first + at + 1)],
            "conditions": {"ready": at < ready, "serving": at < ready, "terminating": False},
            **(target(at) if named else {}),
            "nodeName": f"worker-{(first + at) % _NODES}",
            "zone": _ZONES[(first + at) % _NODES % 3],
        }
        for at in chunk
    ]
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": {
            "name": f"{name}-{suffix}",
            "generateName": f"{name}-",
            "namespace": namespace,
            "uid": uid_of("EndpointSlice", namespace, name, chunk.start),
            "generation": 1,
            "creationTimestamp": stamp(made),
            "labels": {
                "app": name,
                "endpointslice.kubernetes.io/managed-by": CONTROLLER,
                "kubernetes.io/service-name": name,
            },
            "annotations": {TRIGGER: stamp(made)},
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": name,
                    "uid": uid_of("Service", namespace, name),
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "addressType": "IPv4",
        "endpoints": endpoints or None,
        "ports": [{"name": "http", "protocol": "TCP", "port": 8080}] if endpoints else None,
    }


def _pod(namespace: str, name: str, number: int, at: int, made: float, *, is_ready: bool) -> Object:
    when = stamp(made)
    status = "True" if is_ready else "False"
    node = f"worker-{number % _NODES}"
    hashed = suffix_of(10, name)
    conditions = [
        {"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": when}
        for kind, value in (
            ("PodReadyToStartContainers", "True"),
            ("Initialized", "True"),
            ("Ready", status),
            ("ContainersReady", status),
            ("PodScheduled", "True"),
        )
    ]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": _pod_name(hashed, name, at),
            "namespace": namespace,
            "uid": f"00000000-0000-4000-8000-{number:012x}",
            "generation": 1,
            "creationTimestamp": when,
            "labels": {"app": name, "pod-template-hash": hashed},
        },
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example.com/app:1.4.2",
                    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                }
            ],
            "nodeName": node,
            "restartPolicy": "Always",
        },
        "status": {
            "phase": "Running",
            "conditions": conditions,
            "podIP": pod_ip("IPv4", number + 1),
            "podIPs": [{"ip": pod_ip("IPv4", number + 1)}],
            "startTime": when,
            "containerStatuses": [
                {
                    "name": "app",
                    "state": {"running": {"startedAt": when}},
                    "lastState": {},
                    "ready": is_ready,
                    "restartCount": 0,
                    "image": "registry.example.com/app:1.4.2",
                    "started": True,
                }
            ],
        },
    }
