"""The API resources the exporter can read, as data. It decodes nothing and asks nobody."""

from __future__ import annotations

import msgspec


class Resource(msgspec.Struct, frozen=True, order=True):
    """One resource of the API: where it is served and how its objects call themselves.

    `name` is the plural of the URL and the value of every `resource` label. `older` are versions
    in the same shape, asked for in turn where a server does not serve `version`.
    """

    name: str
    kind: str
    group: str
    version: str
    namespaced: bool = True
    older: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`v1` for the core group, `group/version` for all others."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def api_versions(self) -> tuple[str, ...]:
        """The same for every version that may be asked for."""
        older = tuple(f"{self.group}/{version}" for version in self.older)
        return (self.api_version, *older)

    def path(self, namespace: str | None = None, version: str = "") -> str:
        """The collection's URL path, of one namespace or (None) of the whole cluster."""
        version = version or self.version
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        inside = f"/namespaces/{namespace}" if namespace is not None and self.namespaced else ""
        return f"{root}{inside}/{self.name}"

    def paths(self, namespace: str | None = None) -> tuple[str, ...]:
        """The same in every version, the one to try first first."""
        versions = (self.version, *self.older)
        return tuple(self.path(namespace, version) for version in versions)


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

#: Read by those who ask what a drain would do, and by nobody who serves.
BUDGETS = Resource("poddisruptionbudgets", "PodDisruptionBudget", "policy", "v1")

INGRESSES = Resource("ingresses", "Ingress", "networking.k8s.io", "v1")
_GATEWAY_API = "gateway.networking.k8s.io"
_MONITORING = "monitoring.coreos.com"
HTTPROUTES = Resource("httproutes", "HTTPRoute", _GATEWAY_API, "v1", older=("v1beta1",))
GRPCROUTES = Resource("grpcroutes", "GRPCRoute", _GATEWAY_API, "v1", older=("v1alpha2",))
TLSROUTES = Resource("tlsroutes", "TLSRoute", _GATEWAY_API, "v1", older=("v1alpha3", "v1alpha2"))
TCPROUTES = Resource("tcproutes", "TCPRoute", _GATEWAY_API, "v1", older=("v1alpha2",))
UDPROUTES = Resource("udproutes", "UDPRoute", _GATEWAY_API, "v1", older=("v1alpha2",))
GATEWAYS = Resource("gateways", "Gateway", _GATEWAY_API, "v1", older=("v1beta1",))
REFERENCEGRANTS = Resource(
    "referencegrants", "ReferenceGrant", _GATEWAY_API, "v1", older=("v1beta1", "v1alpha2")
)
SERVICEMONITORS = Resource("servicemonitors", "ServiceMonitor", _MONITORING, "v1")
PODMONITORS = Resource("podmonitors", "PodMonitor", _MONITORING, "v1")
PROBES = Resource("probes", "Probe", _MONITORING, "v1")
MONITORS = (SERVICEMONITORS, PODMONITORS, PROBES)
DEFINITIONS = Resource(
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "apiextensions.k8s.io",
    "v1",
    namespaced=False,
)
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
#: What the group `routes` reads besides.
ROUTES = (TLSROUTES, TCPROUTES, UDPROUTES, GATEWAYS, REFERENCEGRANTS, DEFINITIONS, *MONITORS)
#: What points at Services by name, whoever asked for it.
REFERRERS = (*DEPENDENTS, TLSROUTES, TCPROUTES, UDPROUTES, DEFINITIONS)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        SERVICES,
        SLICES,
        ENDPOINTS,
        PODS,
        NODES,
        *WORKLOADS,
        BUDGETS,
        *DEPENDENTS,
        *ROUTES,
    )
}

#: The same by API group and kind, as objects name theirs.
BY_KIND = {(resource.group, resource.kind): resource for resource in RESOURCES.values()}
