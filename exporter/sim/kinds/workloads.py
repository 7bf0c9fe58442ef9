"""Deployments, DaemonSets and the like, as their controllers write them.

It never makes Pods.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter.sim.encoding import Object
from exporter.sim.kinds.pods import pod_template_spec
from exporter.sim.kinds.podstatus import PodFacts
from exporter.sim.notation import WorkloadSpec
from exporter.sim.stamps import stamp, suffix_of, uid_of

_API = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "ReplicationController": "v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    # controllers of others that own what is served here
    "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1",
}


def labels_of(name: str, workload: WorkloadSpec) -> dict[str, str]:
    """Return the labels of a workload's template."""
    return {"app": name} if workload.labels is None else dict(workload.labels)


def template_hash(namespace: str, name: str, revision: int) -> str:
    """Return the pod-template-hash of a revision."""
    return suffix_of(10, "template", namespace, name, revision)


def owner_of(kind: str, namespace: str, name: str) -> Object:
    """Return the ownerReference that a controller sets on what it makes."""
    return {
        "apiVersion": _API.get(kind, "v1"),
        "kind": kind,
        "name": name,
        "uid": uid_of(kind, namespace, name),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _wanted(workload: WorkloadSpec, pods: Sequence[PodFacts]) -> int:
    if workload.replicas is not None:
        return workload.replicas
    return sum(not p.state.deleting and not p.state.finished for p in pods)


def _metadata(kind: str, namespace: str, name: str, labels: dict[str, str], made: float) -> Object:
    return {
        "name": name,
        "namespace": namespace,
        "uid": uid_of(kind, namespace, name),
        "creationTimestamp": stamp(made),
        "labels": labels,
    }


def _counts(pods: Sequence[PodFacts]) -> tuple[int, int]:
    """How many replicas there are, and how many of them are ready."""
    mine = [p for p in pods if not p.state.deleting and not p.state.finished]
    return len(mine), sum(p.state.serving for p in mine)


def _status(total: int, ready: int) -> Object:
    out: Object = {"replicas": total}
    if total:
        out["fullyLabeledReplicas"] = total
    if ready:
        out |= {"readyReplicas": ready, "availableReplicas": ready}
    return out


def _failure(workload: WorkloadSpec, since: float) -> Object:
    """The condition of a workload whose Pods can't be made (pkg/controller/replicaset)."""
    when = stamp(since)
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": when,
        "reason": "FailedCreate",
        "message": workload.failure,
    }


def build_workload(
    namespace: str,
    name: str,
    workload: WorkloadSpec,
    pods: Sequence[PodFacts],
    made: float,
    failing: float,
) -> list[Object]:
    """Return a workload's objects: of a Deployment with its ReplicaSets, of a Job nothing.

    Jobs are not served: their Pods stand alone, with an owner that can't be looked up. `made` is
    the creation in Unix seconds, `failing` when making Pods began to fail, if it does.
    """
    labels = labels_of(name, workload)
    if workload.kind == "Deployment":
        return _deployment(namespace, name, workload, pods, made, failing)
    if workload.kind == "StatefulSet":
        return [_stateful_set(namespace, name, workload, pods, made)]
    if workload.kind == "DaemonSet":
        return [_daemon_set(namespace, name, workload, pods, made)]
    if workload.kind in ("ReplicaSet", "ReplicationController"):
        metadata = _metadata(workload.kind, namespace, name, labels, made)
        if workload.owner:
            metadata["ownerReferences"] = [owner_of(*_split(workload.owner, namespace))]
        template = {"metadata": {"labels": labels}, "spec": pod_template_spec(workload)}
        plain = workload.kind == "ReplicationController"
        total, ready = _counts(pods)
        spec: Object = {
            "replicas": _wanted(workload, pods),
            "selector": labels if plain else {"matchLabels": labels},
            "template": template,
        }
        return [
            {
                "kind": workload.kind,
                "apiVersion": _API[workload.kind],
                "metadata": metadata,
                "spec": spec,
                "status": _status(total, ready) | _conditions(workload, failing),
            }
        ]
    return []


def _split(owner: str, namespace: str) -> tuple[str, str, str]:
    kind, _, name = owner.partition(" ")
    return kind, namespace, name


def _conditions(workload: WorkloadSpec, failing: float) -> Object:
    return {"conditions": [_failure(workload, failing)]} if workload.failure else {}


def _deployment(
    namespace: str,
    name: str,
    workload: WorkloadSpec,
    pods: Sequence[PodFacts],
    made: float,
    failing: float,
) -> list[Object]:
    labels = labels_of(name, workload)
    wanted = _wanted(workload, pods)
    total, ready = _counts(pods)
    current = [p for p in pods if (p.spec.revision or workload.revision) == workload.revision]
    updated, _ = _counts(current)
    status: Object = {}
    if total:
        status |= {"replicas": total, "updatedReplicas": updated}
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    if wanted > ready:
        status["unavailableReplicas"] = wanted - ready
    available = ready >= wanted - wanted // 4
    verb = "has" if available else "does not have"
    when = stamp(max([made, *(p.ready_since for p in pods)]))
    status["conditions"] = [
        {
            "type": "Available",
            "status": "True" if available else "False",
            "lastUpdateTime": when,
            "lastTransitionTime": when,
            "reason": "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
            "message": f"Deployment {verb} minimum availability.",
        }
    ]
    if workload.failure:
        failure = _failure(workload, failing)
        status["conditions"].append(failure | {"lastUpdateTime": failure["lastTransitionTime"]})
    metadata = _metadata("Deployment", namespace, name, labels, made)
    metadata["annotations"] = {"deployment.kubernetes.io/revision": str(workload.revision)}
    out: list[Object] = [
        {
            "kind": "Deployment",
            "apiVersion": "apps/v1",
            "metadata": metadata,
            "spec": {
                "replicas": wanted,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod_template_spec(workload)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
                },
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
            "status": status,
        }
    ]
    for revision in range(1, workload.revision + 1):
        mine = [p for p in pods if (p.spec.revision or workload.revision) == revision]
        desired = wanted if revision == workload.revision else _counts(mine)[0]
        desired = min(desired, _counts(mine)[0]) if mine and total > wanted else desired
        found = _replica_set(namespace, name, workload, revision, mine, desired, made)
        if revision == workload.revision:
            found["status"] |= _conditions(workload, failing)
        out.append(found)
    return out


def _replica_set(
    namespace: str,
    deployment: str,
    workload: WorkloadSpec,
    revision: int,
    pods: Sequence[PodFacts],
    wanted: int,
    made: float,
) -> Object:
    suffix = template_hash(namespace, deployment, revision)
    labels = labels_of(deployment, workload) | {"pod-template-hash": suffix}
    created = max(made, min((p.created for p in pods), default=made))
    metadata = _metadata("ReplicaSet", namespace, f"{deployment}-{suffix}", labels, created)
    metadata["annotations"] = {
        "deployment.kubernetes.io/desired-replicas": str(wanted),
        "deployment.kubernetes.io/revision": str(revision),
    }
    metadata["ownerReferences"] = [owner_of("Deployment", namespace, deployment)]
    total, ready = _counts(pods)
    return {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": metadata,
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_template_spec(workload)},
        },
        "status": _status(total, ready),
    }


def _stateful_set(
    namespace: str, name: str, workload: WorkloadSpec, pods: Sequence[PodFacts], made: float
) -> Object:
    labels = labels_of(name, workload)
    total, ready = _counts(pods)
    status: Object = {"replicas": total, "availableReplicas": ready}
    if ready:
        status["readyReplicas"] = ready
    if total:
        status |= {"currentReplicas": total, "updatedReplicas": total}
    revision = f"{name}-{suffix_of(10, 'revision', namespace, name, workload.revision)}"
    status |= {"currentRevision": revision, "updateRevision": revision, "collisionCount": 0}
    return {
        "kind": "StatefulSet",
        "apiVersion": "apps/v1",
        "metadata": _metadata("StatefulSet", namespace, name, labels, made),
        "spec": {
            "replicas": _wanted(workload, pods),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_template_spec(workload)},
            "serviceName": workload.governing or name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
        },
        "status": status,
    }


def _daemon_set(
    namespace: str, name: str, workload: WorkloadSpec, pods: Sequence[PodFacts], made: float
) -> Object:
    labels = labels_of(name, workload)
    total, ready = _counts(pods)
    wanted = _wanted(workload, pods)
    status: Object = {
        "currentNumberScheduled": total,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": wanted,
        "numberReady": ready,
        "observedGeneration": 1,
    }
    if wanted > ready:
        status["numberUnavailable"] = wanted - ready
    if ready:
        status["numberAvailable"] = ready
    if total:
        status["updatedNumberScheduled"] = total
    spec = pod_template_spec(workload)
    return {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": _metadata("DaemonSet", namespace, name, labels, made),
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "revisionHistoryLimit": 10,
        },
        "status": status,
    }
