"""Nodes and Namespaces.

It never decides what happens to the Pods on a Node.
"""

from __future__ import annotations

from exporter.sim.encoding import Object
from exporter.sim.notation import NodeSpec
from exporter.sim.stamps import digest_of, stamp, uid_of

_REGION = "eu-central-1"
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


def node_ip(name: str) -> str:
    """Return the address of a Node."""
    number = digest_of("node", name)
    return f"192.168.{(number >> 8) % 200 + 10}.{number % 254 + 1}"


def build_node(name: str, node: NodeSpec, made: float, since: float) -> Object:
    """Return the Node; `since` is when its Ready condition last changed (Unix seconds)."""
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": _REGION,
    }
    if node.zone:
        labels["topology.kubernetes.io/zone"] = node.zone
    spec: Object = {"podCIDR": f"10.128.{digest_of('cidr', name) % 256}.0/24"}
    taints = []
    if node.unschedulable:
        spec["unschedulable"] = True
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    if not node.ready:
        taints.append({"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"})
        taints.append({"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"})
    if taints:
        spec["taints"] = taints
    heartbeat = stamp(since)
    if node.ready:
        status, reason, message = "True", "KubeletReady", "kubelet is posting ready status"
    else:
        status, reason = "Unknown", "NodeStatusUnknown"
        message = "Kubelet stopped posting node status."
    conditions: list[Object] = [
        {
            "type": kind,
            "status": "False" if node.ready else "Unknown",
            "lastHeartbeatTime": heartbeat,
            "lastTransitionTime": heartbeat,
            "reason": f"KubeletHas{'No' if kind == 'DiskPressure' else 'Sufficient'}{kind[:-8]}",
        }
        for kind in _PRESSURES
    ]
    conditions.append(
        {
            "type": "Ready",
            "status": status,
            "lastHeartbeatTime": heartbeat,
            "lastTransitionTime": heartbeat,
            "reason": reason,
            "message": message,
        }
    )
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "uid": uid_of("Node", name),
            "creationTimestamp": stamp(made),
            "labels": labels | node.labels,
        },
        "spec": spec,
        "status": {
            "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "allocatable": {"cpu": "3920m", "memory": "15Gi", "pods": "110"},
            "conditions": conditions,
            "addresses": [
                {"type": "InternalIP", "address": node_ip(name)},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "",
                "systemUUID": uid_of("system", name),
                "bootID": uid_of("boot", name),
                "kernelVersion": "6.12.0",
                "osImage": "Simulated Linux",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kubeletVersion": "v1.37.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


def build_namespace(name: str, made: float) -> Object:
    """Return an active Namespace."""
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "uid": uid_of("Namespace", name),
            "creationTimestamp": stamp(made),
            "labels": {"kubernetes.io/metadata.name": name},
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }
