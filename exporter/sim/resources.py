"""The resources the simulated API server serves, as data.

Which group, version and plural a kind has, whether it lives in a namespace, which field selectors
it takes and what an otherwise empty object of it looks like. It never holds objects.
"""

from __future__ import annotations

import msgspec

#: The field selectors every resource takes (apimachinery pkg/runtime/conversion.go).
METADATA_FIELDS = frozenset({"metadata.name", "metadata.namespace"})


class Resource(msgspec.Struct, frozen=True):
    """One served resource.

    `empty` is the JSON of the fields that follow `metadata` in an object without content, as Go
    prints it: bookmarks carry such an object. `custom` resources are defined by a CRD and are
    printed with sorted keys and with kind and apiVersion in each item. `fields` are the field
    selectors besides `metadata.*`; `cluster_fields` is True where `metadata.namespace` is no
    selector because the resource has none.
    """

    kind: str
    plural: str
    version: str = "v1"
    group: str = ""
    namespaced: bool = True
    short: tuple[str, ...] = ()
    empty: str = ""
    fields: frozenset[str] = frozenset()
    custom: bool = False
    deprecation: str = ""
    generation: bool = True

    @property
    def api_version(self) -> str:
        """`v1`, or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name that error messages and RBAC use: `services`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        """The path of the group version, without a slash at the end."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def selectable(self) -> frozenset[str]:
        """Every field selector that this resource takes."""
        return METADATA_FIELDS | self.fields


_TEMPLATE = '"template":{"metadata":{},"spec":{"containers":null}}'
_NODE_EMPTY = (
    '"spec":{},"status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":'
    '{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"",'
    '"containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"",'
    '"operatingSystem":"","architecture":""}}'
)
_ENDPOINTS_DEPRECATION = (
    "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
)

RESOURCES: tuple[Resource, ...] = (
    Resource(
        "Service",
        "services",
        short=("svc",),
        empty='"spec":{},"status":{"loadBalancer":{}}',
        fields=frozenset({"spec.type", "spec.clusterIP"}),
        generation=False,
    ),
    Resource(
        "Endpoints",
        "endpoints",
        short=("ep",),
        deprecation=_ENDPOINTS_DEPRECATION,
        generation=False,
    ),
    Resource(
        "Pod",
        "pods",
        short=("po",),
        empty='"spec":{"containers":null},"status":{}',
        fields=frozenset(
            {
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            }
        ),
    ),
    Resource(
        "Node",
        "nodes",
        namespaced=False,
        short=("no",),
        empty=_NODE_EMPTY,
        fields=frozenset({"spec.unschedulable"}),
        generation=False,
    ),
    Resource(
        "Namespace",
        "namespaces",
        namespaced=False,
        short=("ns",),
        empty='"spec":{},"status":{}',
        fields=frozenset({"status.phase"}),
        generation=False,
    ),
    Resource(
        "ReplicationController",
        "replicationcontrollers",
        short=("rc",),
        empty='"spec":{},"status":{"replicas":0}',
        fields=frozenset({"status.replicas"}),
    ),
    Resource(
        "EndpointSlice",
        "endpointslices",
        group="discovery.k8s.io",
        empty='"addressType":"","endpoints":null,"ports":null',
    ),
    Resource(
        "Deployment",
        "deployments",
        group="apps",
        short=("deploy",),
        empty='"spec":{"selector":null,' + _TEMPLATE + ',"strategy":{}},"status":{}',
    ),
    Resource(
        "ReplicaSet",
        "replicasets",
        group="apps",
        short=("rs",),
        empty='"spec":{"selector":null,' + _TEMPLATE + '},"status":{"replicas":0}',
        fields=frozenset({"status.replicas"}),
    ),
    Resource(
        "StatefulSet",
        "statefulsets",
        group="apps",
        short=("sts",),
        empty='"spec":{"selector":null,'
        + _TEMPLATE
        + ',"serviceName":"","updateStrategy":{}},"status":{"replicas":0,"availableReplicas":0}',
    ),
    Resource(
        "DaemonSet",
        "daemonsets",
        group="apps",
        short=("ds",),
        empty='"spec":{"selector":null,'
        + _TEMPLATE
        + ',"updateStrategy":{}},"status":{"currentNumberScheduled":0,"numberMisscheduled":0,'
        + '"desiredNumberScheduled":0,"numberReady":0}',
    ),
    Resource(
        "Ingress",
        "ingresses",
        group="networking.k8s.io",
        short=("ing",),
        empty='"spec":{},"status":{"loadBalancer":{}}',
    ),
    Resource("HTTPRoute", "httproutes", group="gateway.networking.k8s.io", custom=True),
    Resource("GRPCRoute", "grpcroutes", group="gateway.networking.k8s.io", custom=True),
    # As the Gateway API's channels have them: what is not in the standard one is alpha yet.
    Resource("TLSRoute", "tlsroutes", "v1alpha2", "gateway.networking.k8s.io", custom=True),
    Resource("TCPRoute", "tcproutes", "v1alpha2", "gateway.networking.k8s.io", custom=True),
    Resource("UDPRoute", "udproutes", "v1alpha2", "gateway.networking.k8s.io", custom=True),
    Resource("Gateway", "gateways", group="gateway.networking.k8s.io", short=("gtw",), custom=True),
    Resource(
        "ReferenceGrant",
        "referencegrants",
        "v1beta1",
        "gateway.networking.k8s.io",
        short=("refgrant",),
        custom=True,
    ),
    Resource(
        "ServiceMonitor",
        "servicemonitors",
        group="monitoring.coreos.com",
        short=("smon",),
        custom=True,
    ),
    Resource(
        "PodMonitor", "podmonitors", group="monitoring.coreos.com", short=("pmon",), custom=True
    ),
    Resource("Probe", "probes", group="monitoring.coreos.com", short=("prb",), custom=True),
    Resource(
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        group="policy",
        short=("pdb",),
        empty='"spec":{},"status":{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,'
        '"expectedPods":0}',
    ),
    Resource(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        group="apiextensions.k8s.io",
        namespaced=False,
        short=("crd",),
        empty='"spec":{"group":"","names":{"plural":"","kind":""},"scope":"","versions":null},'
        '"status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},'
        '"storedVersions":null}',
    ),
    Resource(
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        group="admissionregistration.k8s.io",
        namespaced=False,
    ),
    Resource(
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        group="admissionregistration.k8s.io",
        namespaced=False,
    ),
    Resource(
        "APIService",
        "apiservices",
        group="apiregistration.k8s.io",
        namespaced=False,
        empty='"spec":{"groupPriorityMinimum":0,"versionPriority":0},"status":{}',
        generation=False,
    ),
)

_BY_TYPE = {(r.api_version, r.kind): r for r in RESOURCES}
_BY_NAME = {name: r for r in RESOURCES for name in (r.kind, r.plural, r.qualified)}
_BY_PATH = {(r.group, r.version, r.plural): r for r in RESOURCES}


def resource_of(api_version: str, kind: str) -> Resource:
    """Return the resource of an object's apiVersion and kind; KeyError when it isn't served."""
    return _BY_TYPE[api_version, kind]


def resource_named(name: str) -> Resource:
    """Return the resource of a kind, plural or qualified plural; KeyError without one."""
    return _BY_NAME[name]


def resource_at(group: str, version: str, plural: str) -> Resource | None:
    """Return the resource that a request path names, or None."""
    return _BY_PATH.get((group, version, plural))
