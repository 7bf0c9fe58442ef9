"""Pods as a kubelet, the scheduler and a workload's controller write them.

What they look like follows from the state they are in; it never decides the state.
"""

from __future__ import annotations

from exporter.sim.encoding import Object
from exporter.sim.kinds.podstatus import PodFacts, build_status
from exporter.sim.notation import WorkloadSpec
from exporter.sim.stamps import stamp

#: terminationGracePeriodSeconds
_GRACE = 30


def _probe(path: str, port: int | str) -> Object:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _container_port(name: str, value: int | str) -> Object:
    number, _, protocol = str(value).partition("/")
    return {"name": name, "containerPort": int(number), "protocol": protocol or "TCP"}


def pod_template_spec(workload: WorkloadSpec, ports: dict[str, int | str] | None = None) -> Object:
    """Return the spec that Pods share with the template of their workload."""
    ports = workload.ports if ports is None else ports
    listed = [_container_port(name, value) for name, value in ports.items()]
    probe_port = workload.probe_port or (listed[0]["containerPort"] if listed else 8080)
    container: Object = {"name": "app", "image": workload.image}
    if listed:
        container["ports"] = listed
    container["resources"] = {"requests": {"cpu": "50m", "memory": "64Mi"}}
    if "readiness" in workload.probes:
        container["readinessProbe"] = _probe("/ready", probe_port)
    if "startup" in workload.probes:
        container["startupProbe"] = _probe("/started", probe_port)
    container |= {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    out: Object = {}
    if workload.init:
        out["initContainers"] = [
            {"name": "migrate", "image": workload.image, "args": ["migrate"], "resources": {}}
        ]
    out |= {
        "containers": [container],
        "restartPolicy": "Never" if workload.kind == "Job" else "Always",
        "terminationGracePeriodSeconds": _GRACE,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    if workload.gates:
        out["readinessGates"] = [{"conditionType": gate} for gate in workload.gates]
    return out


def build_pod(facts: PodFacts) -> Object:
    """Return the Pod."""
    metadata: Object = {
        "name": facts.name,
        "generateName": facts.generate_name,
        "namespace": facts.namespace,
        "uid": facts.uid,
        "generation": 1,
        "creationTimestamp": stamp(facts.created),
        "labels": facts.labels,
    }
    if not facts.generate_name:
        del metadata["generateName"]
    if facts.state.deleting:
        # the timestamp is the end of the grace period, not the moment of the request
        metadata["deletionTimestamp"] = stamp(facts.since + _GRACE)
        metadata["deletionGracePeriodSeconds"] = _GRACE
    if facts.owner:
        metadata["ownerReferences"] = [facts.owner]
    if facts.workload.kind == "Job":
        metadata["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    spec = pod_template_spec(facts.workload, facts.spec.ports)
    spec |= {
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "tolerations": [
            {
                "key": "node.kubernetes.io/not-ready",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    if facts.node:
        spec["nodeName"] = facts.node
    if facts.spec.state == "SchedulingGated":
        spec["schedulingGates"] = [{"name": "example.com/quota"}]
    if facts.workload.kind == "StatefulSet":
        spec["hostname"] = facts.name
        spec["subdomain"] = facts.workload.governing or facts.workload_name
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": spec,
        "status": build_status(facts),
    }
