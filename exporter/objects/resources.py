"""The API resources the exporter can read, as data. It decodes nothing and asks nobody."""

from __future__ import annotations

import msgspec


class Resource(msgspec.Struct, frozen=True, order=True):
    """One resource of the API: where it is served and how its objects call themselves.

    `name` is the plural of the URL and the value of every `resource` label.
    """

    name: str
    kind: str
    group: str
    version: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`v1` for the core group, `group/version` for all others."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None) -> str:
        """The collection's URL path, of one namespace or (None) of the whole cluster."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if namespace is not None and self.namespaced else ""
        return f"{root}{inside}/{self.name}"


SERVICES = Resource("services", "Service", "", "v1")
SLICES = Resource("endpointslices", "EndpointSlice", "discovery.k8s.io", "v1")
ENDPOINTS = Resource("endpoints", "Endpoints", "", "v1")
PODS = Resource("pods", "Pod", "", "v1")
NODES = Resource("nodes", "Node", "", "v1", namespaced=False)
DEPLOYMENTS = Resource("deployments", "Deployment", "apps", "v1")
REPLICASETS = Resource("replicasets", "ReplicaSet", "apps", "v1")
STATEFULSETS = Resource("statefulsets", "StatefulSet", "apps", "v1")
REPLICATIONCONTROLLERS = Resource("replicationcontrollers", "ReplicationController", "", "v1")
DAEMONSETS = Resource("daemonsets", "DaemonSet", "apps", "v1")
WORKLOADS = (DEPLOYMENTS, REPLICASETS, STATEFULSETS, REPLICATIONCONTROLLERS, DAEMONSETS)

INGRESSES = Resource("ingresses", "Ingress", "networking.k8s.io", "v1")
HTTPROUTES = Resource("httproutes", "HTTPRoute", "gateway.networking.k8s.io", "v1")
GRPCROUTES = Resource("grpcroutes", "GRPCRoute", "gateway.networking.k8s.io", "v1")
VALIDATING_WEBHOOKS = Resource(
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io",
    "v1",
    namespaced=False,
)
MUTATING_WEBHOOKS = Resource(
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    "admissionregistration.k8s.io",
    "v1",
    namespaced=False,
)
APISERVICES = Resource(
    "apiservices", "APIService", "apiregistration.k8s.io", "v1", namespaced=False
)
DEPENDENTS = (
    INGRESSES,
    HTTPROUTES,
    GRPCROUTES,
    VALIDATING_WEBHOOKS,
    MUTATING_WEBHOOKS,
    APISERVICES,
)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (SERVICES, SLICES, ENDPOINTS, PODS, NODES, *WORKLOADS, *DEPENDENTS)
}
