"""Small clusters at random, as JSON: few names, so that what belongs together meets often."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exporter.objects.slices import CONTROLLER, HEADLESS_LABEL
from tests.unit.apiserver import Json, endpoint, endpoints_of, meta, node, pod, service, slice_of

NAMESPACES = st.sampled_from(["d", "d", "d", "e"])
NAMES = st.sampled_from(["s", "s", "s", "t"])

_TRUTH = st.sampled_from(["T", "F", "-"])
STATES = st.tuples(_TRUTH, _TRUTH, _TRUTH).map("".join)
FOUR = [".1", ".2", ".3", "010.0.0.1", "::ffff:10.0.0.2"]
SIX = ["fd00::1", "FD00:0::1", "fd00::2"]
FQDN = ["a.example.com", "b.example.com"]
LABELS = st.fixed_dictionaries(
    {},
    optional={
        "app": st.sampled_from(["s", "t"]),
        "tier": st.sampled_from(["web", ""]),
        "a-b": st.just("1"),
        "a.b": st.just("2"),
    },
)
POD_LABELS = st.sampled_from(
    [{"app": "s"}, {"app": "s", "tier": "web"}, {"app": "t", "tier": "web"}, {"app": "t"}, {}]
)
PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns", "port": 53, "protocol": "TCP"},
    {"port": 80},
    {"name": "web", "port": 81, "targetPort": "web"},
]
SLICE_PORTS = [
    {"name": "http", "port": 8080, "protocol": "TCP"},
    {"name": "http", "port": 8081, "protocol": "TCP"},
    {"name": "http", "port": None},
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns", "port": 53},
    {"port": 80},
    {"name": "web", "port": 0},
]
ANNOTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "endpoints-exporter.io/min-ready": st.sampled_from(["2", "three", "-2", ""]),
        "endpoints-exporter.io/ignore": st.sampled_from(["true", "maybe"]),
    },
)
_ZONES = st.sampled_from(["a", "b"])
_NODES = st.sampled_from(["n1", "n2"])


def _either(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def services(draw: st.DrawFn) -> Json:
    """A Service of any type, with or without selector, headless or not."""
    spec: Json = {
        "type": draw(_either("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName")),
        "selector": draw(
            _either({"app": "s"}, {"app": "s"}, {"app": "t", "tier": "web"}, {}, None)
        ),
        "ports": draw(st.lists(st.sampled_from(PORTS), max_size=3, unique_by=str)),
        "ipFamilies": draw(_either(["IPv4"], ["IPv4"], ["IPv6"], ["IPv6", "IPv4"], None)),
        "publishNotReadyAddresses": draw(_either(None, False, True)),
        "internalTrafficPolicy": draw(_either("Cluster", "Local")),
    }
    if draw(st.booleans()):
        spec |= draw(
            _either(
                {"clusterIP": "None", "clusterIPs": ["None"]},
                {"clusterIP": None, "clusterIPs": None},
                {"clusterIP": "fd00::10", "clusterIPs": ["fd00::10"]},
            )
        )
    extra: Json = {"labels": draw(LABELS), "annotations": draw(ANNOTATIONS)}
    if draw(_either(False, False, False, True)):
        extra["deletionTimestamp"] = "2023-11-14T22:00:00Z"
    return service(draw(NAMES), draw(NAMESPACES), metadata=extra, **spec)


@st.composite
def endpoint_entries(draw: st.DrawFn, addresses: list[str]) -> Json:
    """An endpoint somewhere, in some state."""
    fields: Json = {}
    if draw(st.booleans()):
        fields["nodeName"] = draw(_NODES)
        fields["zone"] = draw(_ZONES)
    if draw(st.booleans()):
        fields["hints"] = draw(_either(None, {}, {"forZones": [{"name": "a"}]}))
    found = endpoint(draw(st.sampled_from(addresses)), draw(STATES), **fields)
    found["targetRef"] = draw(
        _either(None, {"kind": "Pod", "name": "p"}, {"kind": "Pod", "name": "q"})
    )
    return found


@st.composite
def slices(draw: st.DrawFn) -> Json:
    """A slice of a Service, of one that is not there, or of none."""
    kind, addresses = draw(
        _either(("IPv4", FOUR), ("IPv4", FOUR), ("IPv4", FOUR), ("IPv6", SIX), ("FQDN", FQDN))
    )
    ports: Any = draw(
        st.one_of(
            st.just([SLICE_PORTS[0]]),
            st.lists(st.sampled_from(SLICE_PORTS), max_size=3, unique_by=str),
            st.none(),
        )
    )
    return slice_of(
        *draw(st.lists(endpoint_entries(addresses), max_size=4)),
        name=draw(_either("a", "b", "c")),
        namespace=draw(NAMESPACES),
        service=draw(_either("s", "s", "t", "ghost", "", None)),
        managed_by=draw(_either(CONTROLLER, "me", None)),
        labels=draw(_either({}, {}, {}, {HEADLESS_LABEL: ""})),
        addressType=kind,
        ports=ports,
    )


@st.composite
def legacy_endpoints(draw: st.DrawFn) -> Json:
    """An Endpoints object, truncated or not; a uid has its Node and Pod."""

    def addresses() -> list[Json]:
        return [
            {"ip": ip, "targetRef": {"kind": "Pod", "name": name, "uid": f"uid-{name}"}}
            for ip, name in draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]), _either("p", "q")
                    ),
                    max_size=3,
                )
            )
        ]

    subsets = [
        {
            "addresses": addresses(),
            "notReadyAddresses": addresses(),
            "ports": draw(st.lists(st.sampled_from(SLICE_PORTS), max_size=2, unique_by=str)),
        }
        for _ in range(draw(st.integers(0, 2)))
    ]
    truncated = {"endpoints.kubernetes.io/over-capacity": "truncated"}
    return endpoints_of(
        *subsets,
        name=draw(NAMES),
        namespace=draw(NAMESPACES),
        annotations=draw(_either({}, truncated)),
    )


@st.composite
def pods(draw: st.DrawFn) -> Json:
    """A Pod with or without an address, ready or not, going or done."""
    found = pod(draw(_either("p", "q")), draw(_either("", "10.0.0.1", "fd00::1")), draw(NAMESPACES))
    found["metadata"]["labels"] = draw(POD_LABELS)
    found["spec"]["nodeName"] = draw(_either("", "n1", "n3"))
    found["status"]["phase"] = draw(_either("Running", "Pending", "Succeeded", "Failed"))
    found["status"]["conditions"] = [
        {
            "type": "Ready",
            "status": draw(_either("True", "False", "Unknown")),
            "lastTransitionTime": draw(_either("2023-11-14T22:00:00Z", "2023-11-14T22:13:19Z")),
        }
    ]
    if draw(_either(False, False, True)):
        found["metadata"]["deletionTimestamp"] = "2023-11-14T22:00:00Z"
    return found


@st.composite
def nodes(draw: st.DrawFn) -> Json:
    """A Node, cordoned or not."""
    return node(draw(_NODES), cordoned=draw(st.booleans()))


@st.composite
def deployments(draw: st.DrawFn) -> Json:
    """A Deployment of no or of some Pods."""
    return {
        "kind": "Deployment",
        "metadata": meta(draw(NAMES), draw(NAMESPACES)),
        "spec": {
            "replicas": draw(_either(0, 1, None)),
            "template": {"metadata": {"labels": draw(POD_LABELS)}},
        },
    }


@st.composite
def ingresses(draw: st.DrawFn) -> Json:
    """An Ingress that points at a Service."""
    return {
        "kind": "Ingress",
        "metadata": meta("i", draw(NAMESPACES)),
        "spec": {"defaultBackend": {"service": {"name": draw(NAMES), "port": {"number": 80}}}},
    }


def spoilt(objects: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Objects that can't be decoded, with metadata that can."""
    return objects.map(
        lambda found: {**found, "spec": 7, "endpoints": 7, "subsets": 7, "status": 7}
    )


#: What a cluster holds; Services and slices most of all.
WHOLE = st.one_of(
    services(),
    services(),
    slices(),
    slices(),
    slices(),
    pods(),
    pods(),
    nodes(),
    deployments(),
    ingresses(),
    legacy_endpoints(),
)
OBJECTS = st.one_of(
    WHOLE, WHOLE, WHOLE, WHOLE, spoilt(st.one_of(services(), slices(), pods(), legacy_endpoints()))
)
READ = ("services", "endpointslices", "endpoints", "pods", "nodes", "deployments", "ingresses")


# ── clusters in which somebody wants Pods ────────────────────────────────────────────────────

_LABEL_SETS = [
    {"app": "s"},
    {"app": "s", "hash": "new"},
    {"app": "s", "hash": "old"},
    {"app": "t"},
]
_WORKLOADS = ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "DaemonSet"]
_FAILURE = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "message": "exceeded quota",
    "lastTransitionTime": "2023-11-14T22:00:00Z",
}


@st.composite
def workloads(draw: st.DrawFn) -> Json:
    """A workload of any kind, owned by another, by something that is not read, or by nobody."""
    kind = draw(st.sampled_from(_WORKLOADS))
    name = draw(_either("a", "b", "c"))
    wanted = draw(_either(0, 0, 1, 3))
    found: Json = {
        "kind": kind,
        "metadata": {**meta(name, "d"), "uid": f"{kind}-{name}"},
        "spec": {"template": {"metadata": {"labels": draw(st.sampled_from(_LABEL_SETS))}}},
        "status": {"conditions": draw(_either([], [_FAILURE]))},
    }
    owner = draw(_either(None, None, ("Rollout", "r"), ("Deployment", "a"), ("Deployment", "gone")))
    if owner is not None:
        found["metadata"]["ownerReferences"] = [
            {"kind": owner[0], "name": owner[1], "uid": "-".join(owner), "controller": True}
        ]
    if kind == "DaemonSet":
        found["status"] |= {"desiredNumberScheduled": wanted, "currentNumberScheduled": wanted}
    else:
        found["spec"]["replicas"] = wanted
        found["status"]["replicas"] = draw(_either(0, wanted))
    return found


@st.composite
def doors(draw: st.DrawFn) -> Json:
    """An Ingress to d/s, by a port that it has or has not."""
    number = draw(_either(80, 81))
    backend = {"service": {"name": "s", "port": {"number": number}}}
    return {
        "kind": "Ingress",
        "metadata": meta(draw(_either("i", "j")), "d"),
        "spec": {"defaultBackend": backend},
    }


@st.composite
def clusters(draw: st.DrawFn) -> list[Json]:
    """A Service d/s and all that may have to do with it, each object once."""
    found = draw(
        st.tuples(
            services(),
            st.lists(slices(), max_size=3),
            st.lists(pods(), max_size=3),
            st.lists(nodes(), max_size=2),
            st.lists(workloads(), max_size=4),
            st.lists(doors(), max_size=1),
            legacy_endpoints(),
        )
    )
    one = found[0]
    one["metadata"] |= {"name": "s", "namespace": "d"}
    one["metadata"].pop("deletionTimestamp", None)
    one["spec"]["selector"] = draw(_either({"app": "s"}, {"app": "s", "hash": "old"}, None))
    objects = [one, found[6], *(each for part in found[1:6] for each in part)]
    unique = {
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]): each
        for each in objects
    }
    return list(unique.values())
