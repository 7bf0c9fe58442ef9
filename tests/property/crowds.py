"""Clusters at random in which Pods have containers, workloads have owners, and time has passed.

Built of the same few names as `clusters`, so that what belongs together meets often.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exporter.objects.resources import RESOURCES
from exporter.objects.slices import MIRRORING_CONTROLLER
from tests.property.clusters import (
    NAMES,
    NAMESPACES,
    POD_LABELS,
    endpoint_entries,
    ingresses,
    legacy_endpoints,
    nodes,
    pods,
    services,
    slices,
)
from tests.unit.apiserver import Json, at_version, meta, resource_of

#: Long ago, some minutes ago, just now, and a moment that is still to come (NOW is 22:13:20).
MOMENTS = st.sampled_from(
    [
        "2023-11-10T22:00:00Z",
        "2023-11-14T22:00:00Z",
        "2023-11-14T22:12:50Z",
        "2023-11-14T22:13:19Z",
        "2023-11-14T22:20:00Z",
    ]
)
_KINDS = st.sampled_from(["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"])


def _either(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def doors(draw: st.DrawFn) -> Json:
    """A Service with what its surroundings give it: policies, load balancer, marks, age."""
    found = draw(services())
    spec, metadata = found["spec"], found["metadata"]
    metadata["creationTimestamp"] = draw(MOMENTS)
    metadata["annotations"] = {
        **metadata.get("annotations", {}),
        **draw(_either({}, {}, {"service.cilium.io/global": "true"})),
    }
    spec["externalTrafficPolicy"] = draw(_either(None, "Cluster", "Local"))
    spec["externalIPs"] = draw(_either(None, ["192.0.2.9"]))
    if draw(st.booleans()):
        found["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}
    return found


@st.composite
def crew(draw: st.DrawFn) -> Json:
    """A Pod whose container runs, crashes, waits or says nothing."""
    found = draw(pods())
    readiness = draw(
        _either(None, {"httpGet": {"path": "/", "port": 8080}}, {"tcpSocket": {"port": 1}})
    )
    ports = draw(_either([], [{"containerPort": 8080}], [{"name": "web", "containerPort": 81}]))
    container: Json = {"name": "app", "ports": ports}
    if readiness is not None:
        container["readinessProbe"] = readiness
    found["spec"]["containers"] = [container]
    state = draw(
        _either(
            {"running": {}},
            {"waiting": {"reason": "CrashLoopBackOff"}},
            {"waiting": {"reason": "ImagePullBackOff", "message": "no such image\x1b[2J"}},
            {"terminated": {"exitCode": 1, "reason": "Error"}},
            None,
        )
    )
    if state is not None:
        found["status"]["containerStatuses"] = [
            {"name": "app", "ready": draw(st.booleans()), "state": state, "restartCount": 3}
        ]
    for condition in found["status"]["conditions"]:
        condition["lastTransitionTime"] = draw(MOMENTS)
    found["status"]["conditions"] += draw(
        _either(
            [],
            [{"type": "ContainersReady", "status": "True"}],
            [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
        )
    )
    return found


@st.composite
def workloads(draw: st.DrawFn) -> Json:
    """A workload of its own, of one that is here, or of one that nobody can read."""
    kind, name = draw(_KINDS), draw(_either("s", "t", "s-1"))
    metadata = meta(name, draw(NAMESPACES)) | {"uid": f"{kind}-{name}"}
    owner = draw(_either(None, None, ("Deployment", "s"), ("Rollout", "s")))
    if owner is not None and owner != (kind, name):
        metadata["ownerReferences"] = [
            {"kind": owner[0], "name": owner[1], "uid": "-".join(owner), "controller": True}
        ]
    conditions = draw(
        _either(
            [],
            [
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": "exceeded quota\u202e",
                    "lastTransitionTime": "2023-11-14T22:00:00Z",
                }
            ],
        )
    )
    return {
        "kind": kind,
        "metadata": metadata,
        "spec": {
            "replicas": draw(_either(0, 0, 1, 3, None)),
            "template": {"metadata": {"labels": draw(POD_LABELS)}},
        },
        "status": {"replicas": draw(_either(0, 1, 3)), "conditions": conditions},
    }


@st.composite
def daemon_sets(draw: st.DrawFn) -> Json:
    """A DaemonSet that wants Pods on some Nodes or on none."""
    return {
        "kind": "DaemonSet",
        "metadata": meta(draw(NAMES), draw(NAMESPACES)) | {"uid": "ds"},
        "spec": {"template": {"metadata": {"labels": draw(POD_LABELS)}}},
        "status": draw(_either({}, {"desiredNumberScheduled": 0}, {"desiredNumberScheduled": 2})),
    }


@st.composite
def webhooks(draw: st.DrawFn) -> Json:
    """A webhook that calls a Service, by a port that it may not have."""
    target = {"namespace": "d", "name": draw(NAMES), "port": draw(_either(80, 443, None))}
    return {
        "kind": "ValidatingWebhookConfiguration",
        "metadata": meta("w", ""),
        "webhooks": [{"name": "w.example.com", "clientConfig": {"service": target}}],
    }


@st.composite
def mirrored(draw: st.DrawFn) -> Json:
    """A slice of the mirroring controller, which knows nothing but ready."""
    found = draw(slices())
    labels = found["metadata"]["labels"]
    labels["endpointslice.kubernetes.io/managed-by"] = MIRRORING_CONTROLLER
    found["endpoints"] = [draw(endpoint_entries([".1", ".2"]))]
    return found


#: What such a cluster holds; the same name twice is one object, the later one.
CROWD = st.lists(
    st.one_of(
        doors(), doors(), slices(), slices(), crew(), crew(), workloads(), daemon_sets(),
        nodes(), ingresses(), webhooks(), mirrored(), legacy_endpoints(),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip

#: What can be read besides Services and slices, which always can.
OPTIONAL = (
    "pods",
    "nodes",
    "deployments",
    "replicasets",
    "statefulsets",
    "replicationcontrollers",
    "daemonsets",
    "ingresses",
    "validatingwebhookconfigurations",
)
READABLE = st.sets(st.sampled_from(OPTIONAL)).map(
    lambda denied: ("services", "endpointslices", *(one for one in OPTIONAL if one not in denied))
)


def unique(objects: list[Json]) -> list[Json]:
    """The objects with one of each kind and name, versions as an API server gives them."""
    held = {
        (found["kind"], found["metadata"].get("namespace", ""), found["metadata"]["name"]): found
        for found in objects
    }
    return [at_version(found, str(number)) for number, found in enumerate(held.values(), 1)]


def write_dump(objects: list[Json], readable: tuple[str, ...]) -> list[Json]:
    """What kubectl would print of what can be read: a typed list each, be it empty."""
    return [
        {
            "apiVersion": RESOURCES[name].api_version,
            "kind": f"{RESOURCES[name].kind}List",
            "metadata": {"resourceVersion": "9"},
            "items": [
                {"apiVersion": RESOURCES[name].api_version, **found}
                for found in objects
                if resource_of(found) == name
            ],
        }
        for name in readable
    ]
