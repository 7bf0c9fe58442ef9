"""Pods as a kubelet and the control plane write them, for tests: the parts that matter, as JSON."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from exporter.objects.codec import decode_object
from exporter.objects.pods import Pod
from exporter.objects.resources import PODS, SERVICES
from exporter.objects.services import Service

Json = dict[str, Any]

SINCE = "2026-11-22T09:41:00Z"
SINCE_SECONDS = 1795340460.0

RUNNING: Json = {"running": {"startedAt": "2026-11-22T09:40:12Z"}}
READINESS: Json = {"readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}}}
STARTUP: Json = {"startupProbe": {"httpGet": {"path": "/started", "port": 8080}}}


def waiting(reason: str, message: str = "") -> Json:
    """A container state."""
    return {"waiting": {"reason": reason, "message": message}}


def terminated(reason: str, exit_code: int) -> Json:
    """A container state."""
    return {"terminated": {"reason": reason, "exitCode": exit_code, "startedAt": None}}


def container(name: str = "app", **fields: Any) -> Json:
    """A container of a spec, with port 8080 named http unless told."""
    ports = [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    return {"name": name, "image": "registry.example.com/app:1.4.2", "ports": ports, **fields}


def status(
    state: Json,
    *,
    name: str = "app",
    ready: bool = False,
    started: bool = True,
    restarts: int = 0,
    last: Json | None = None,
) -> Json:
    """A container status."""
    return {
        "name": name,
        "ready": ready,
        "started": started,
        "restartCount": restarts,
        "state": state,
        "lastState": last or {},
    }


def condition(kind: str, value: str, reason: str = "", message: str = "") -> Json:
    """A Pod condition."""
    return {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastProbeTime": None,
        "lastTransitionTime": SINCE,
    }


def conditions(**values: str) -> list[Json]:
    """The five conditions of a Pod on a Node; those given override, "" leaves one out."""
    usual = {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
        **values,
    }
    found = []
    for kind, value in usual.items():
        state, _, reason = value.partition(":")
        if state:
            found.append(condition(kind, state, reason))
    return found


UNREADY = {"Ready": "False:ContainersNotReady", "ContainersReady": "False:ContainersNotReady"}


def pod_json(name: str = "s-1", ip: str = "10.0.0.1", **changes: Any) -> Json:
    """A healthy Pod `d/s-1` with label app=s on Node n1; `changes` replace parts of it.

    metadata, spec and status are merged into; None takes a whole part away.
    """
    pod: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "d",
            "uid": f"uid-{name}",
            "resourceVersion": "252072",
            "creationTimestamp": "2026-11-22T09:40:00Z",
            "labels": {"app": "s", "pod-template-hash": "7c9d8b6f5"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": "s-7c9d8b6f5",
                    "uid": "u",
                    "controller": True,
                }
            ],
        },
        "spec": {"nodeName": "n1", "containers": [container(**READINESS)]},
        "status": {
            "phase": "Running",
            "conditions": conditions(),
            "containerStatuses": [status(RUNNING, ready=True)],
            "hostIP": "192.168.10.11",
            "podIP": ip,
            "podIPs": [{"ip": ip}],
        },
    }
    for part, change in changes.items():
        if change is None:
            pod[part] = None
        else:
            pod[part] = {**pod[part], **copy.deepcopy(change)}
    return pod


def unready_json(
    *containers: Json, statuses: list[Json], name: str = "s-1", **changes: Any
) -> Json:
    """A Pod on a Node whose containers are not all ready; `changes` are of its status."""
    return pod_json(
        name,
        spec={"nodeName": "n1", "containers": list(containers) or [container(**READINESS)]},
        status={"conditions": conditions(**UNREADY), "containerStatuses": statuses, **changes},
    )


def read_pod(loose: Json) -> Pod:
    """The retained form, through the bytes."""
    found = decode_object(PODS, msgspec.json.encode(loose))
    assert isinstance(found, Pod), found
    return found


def make_pod(name: str = "s-1", ip: str = "10.0.0.1", **changes: Any) -> Pod:
    """See pod_json."""
    return read_pod(pod_json(name, ip, **changes))


def make_service(**spec: Any) -> Service:
    """Service `d/s` with selector app=s and port http 80 → 8080."""
    found = decode_object(
        SERVICES,
        msgspec.json.encode(
            {
                "metadata": {"name": "s", "namespace": "d", "resourceVersion": "1"},
                "spec": {
                    "type": "ClusterIP",
                    "clusterIP": "10.96.0.1",
                    "clusterIPs": ["10.96.0.1"],
                    "ipFamilies": ["IPv4"],
                    "selector": {"app": "s"},
                    "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                    **spec,
                },
            }
        ),
    )
    assert isinstance(found, Service), found
    return found
