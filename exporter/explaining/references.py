"""What is said to people of a reference: what is the matter, and what to do about it.

Nothing here decides: results come from routing. Text is as objects have it; whoever shows it
escapes it.
"""

from __future__ import annotations

from exporter.model import ReferenceReport, Result, RouteKey, ServiceReport

_UNKNOWN = {
    "ServicesUnreadable": (
        "Services of that namespace can't all be read.",
        "Let the exporter list and watch Services there.",
    ),
    "GrantsUnreadable": (
        "It points into another namespace, and ReferenceGrants can't be read.",
        "Let the exporter list and watch referencegrants.gateway.networking.k8s.io.",
    ),
    "ServiceUndecodable": (
        "The Service is there and can't be decoded.",
        "Look at the exporter's log.",
    ),
    "EndpointsUnreadable": (
        "What endpoints the Service has can't be known.",
        "Let the exporter list and watch EndpointSlices.",
    ),
    "Headless": (
        "The Service is headless: the API server reaches it only with --enable-aggregator-routing.",
        "Give the Service a cluster IP, or look at the flags of the API server.",
    ),
    "NotAllReadable": (
        "Not all that it may choose can be read.",
        "Let the exporter read Services, Pods, workloads and Ingresses of all its namespaces.",
    ),
    "SelectorNotUnderstood": (
        "Its selector has an operator that means nothing.",
        "Use In, NotIn, Exists or DoesNotExist.",
    ),
    "PodsUnreadable": (
        "It names a port of containers, and the Pods can't be read.",
        "Let the exporter list and watch Pods.",
    ),
}


def tell_reference(
    key: RouteKey, one: ReferenceReport, service: ServiceReport | None
) -> tuple[str, str]:
    """What is the matter with a reference and what to do: two texts, the second "" when nothing.

    `service` is the report on the Service that it names, None when there is none.
    """
    backend = one.backend
    name = f"{backend.namespace}/{backend.name}"
    match one.result:
        case Result.NOT_JUDGED:
            if backend.other:
                return f"It points at a {backend.other}, which is not judged.", ""
            return f"The Service {name} stands for {one.reason}, elsewhere: not judged.", ""
        case Result.MISSING_SERVICE | Result.MISSING_PORT if one.reason or not backend.name:
            return _tell_choice(key, one)
        case Result.MISSING_SERVICE:
            return f"There is no Service {name}.", "Make the Service, or name one that is there."
        case Result.MISSING_PORT:
            return _tell_port(key, one, service)
        case Result.NOT_PERMITTED:
            who = f"{key.kind} of {key.namespace}"
            place = f"No ReferenceGrant in {backend.namespace}"
            return (
                f"{place} lets {_an(who)} {who} point at {backend.name}.",
                f"Make a ReferenceGrant in {backend.namespace} from {who} to Service.",
            )
        case Result.EXTERNAL_NAME:
            return (
                f"The Service {name} is an ExternalName, which no {key.kind} can use.",
                "Name a Service that has endpoints.",
            )
        case Result.NO_ENDPOINTS if not backend.name:
            return _tell_choice(key, one)
    return _tell_state(one, name)


def _tell_state(one: ReferenceReport, name: str) -> tuple[str, str]:
    explain = f"Ask `explain {name}`."
    if one.result is Result.UNKNOWN:
        return _UNKNOWN.get(one.reason, ("It can't be told.", ""))
    texts = {
        Result.NO_ENDPOINTS: (
            f"The Service {name} has no ready endpoint on that port: {one.reason}.",
            explain,
        ),
        Result.NEW: (f"The Service {name} is new and has no ready endpoint yet.", ""),
        Result.INTENDED: (
            f"Nobody wants endpoints of {name} now: {one.reason}."
            if one.reason != "WaitsForPods"
            else "There is a workload whose Pods it would choose, and none of them exists now.",
            "",
        ),
        Result.DEGRADED: (f"It works, and {name} is not as it should be: {one.reason}.", explain),
        Result.WEIGHT_ZERO: ("Its weight is zero: it gets no traffic.", ""),
    }
    return texts.get(one.result, ("", ""))


def _tell_port(
    key: RouteKey, one: ReferenceReport, service: ServiceReport | None
) -> tuple[str, str]:
    wanted = one.backend.port
    name = f"{one.backend.namespace}/{one.backend.name}"
    ports = service.service.ports if service is not None else ()
    there = ", ".join(f"{p.port}{f' ({p.name})' if p.name else ''}/{p.protocol}" for p in ports)
    what = f"The Service {name} has no port {wanted or '(none is named)'}"
    what += f"; it has {there}." if there else "; it has none."
    meant = next((port for port in ports if port.target == wanted and wanted), None)
    if meant is not None and key.kind not in ("ServiceMonitor", "PodMonitor"):
        return what, f"{wanted} is where port {meant.port} leads: name {meant.port}."
    return what, "Name a port that the Service has, or give the Service that port."


def _tell_choice(key: RouteKey, one: ReferenceReport) -> tuple[str, str]:
    chosen = {"PodMonitor": "Pod", "Probe": "Ingress"}.get(key.kind, "Service")
    if one.result is Result.MISSING_PORT:
        return (
            f"No {chosen} that it chooses has the port {one.backend.port}.",
            "Name a port as the Service (of a PodMonitor: the container) has it, by name.",
        )
    return (
        f"Its selector chooses no {chosen}: it watches nothing, and alerts nobody.",
        f"Select labels that {_an(chosen)} {chosen} has, in the namespaces where it is.",
    )


def _an(kind: str) -> str:
    return "an" if kind.startswith(("Ingress", "HTTP", "API")) else "a"
