"""One reference: what it names, and what becomes of requests that go there.

Pure. What is known of Services, of grants and of what can be read comes as Facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol

from exporter.model import FindingCode, ServiceKey, ServiceReport, Standing, Weight
from exporter.model.routes import ReferenceReport, Result
from exporter.objects.dependents import Backend, Dependent
from exporter.objects.gateways import Grant
from exporter.objects.services import Service, ServicePort

GATEWAY_KINDS = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"})
CALLER_KINDS = frozenset(
    {
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "CustomResourceDefinition",
        "APIService",
    }
)

#: Findings on a Service that touch what a route sends there. The others are about one port, about
#: another way in, or about who points at it.
_FELT = frozenset(
    {
        FindingCode.STALE_ENDPOINTS,
        FindingCode.BELOW_MIN_READY,
        FindingCode.FAMILY_WITHOUT_ENDPOINTS,
        FindingCode.HALF_UNREADY,
        FindingCode.ENDPOINTS_LAGGING,
        FindingCode.TERMINATING_STUCK,
        FindingCode.REPLICAS_MISSING,
        FindingCode.TRUNCATED,
        FindingCode.LEFTOVER_SLICES,
    }
)

#: Why a result is `unknown`.
SERVICES_UNREADABLE = "ServicesUnreadable"
GRANTS_UNREADABLE = "GrantsUnreadable"
SERVICE_UNDECODABLE = "ServiceUndecodable"
ENDPOINTS_UNREADABLE = "EndpointsUnreadable"
OTHER_SHARD = "OtherShard"
#: The API server sends to the cluster IP of a Service unless told to send to its endpoints
#: (--enable-aggregator-routing); a headless one has none (apiserver, pkg/util/proxy).
HEADLESS = "Headless"


class Facts(Protocol):
    """What is known of the cluster, as far as references ask."""

    def report(self, key: ServiceKey) -> ServiceReport | None:
        """What is said of a Service; None when there is none."""

    def unknowable(self, key: ServiceKey) -> str:
        """Why a Service without a report may be there all the same, "" when it is not there."""

    def grants(self, namespace: str) -> Collection[Grant] | None:
        """The ReferenceGrants of a namespace, None when they can't be read."""


def resolve(kind: str, namespace: str, backend: Backend, facts: Facts) -> ReferenceReport:
    """The result of a reference that an object of this kind and namespace makes."""
    return ReferenceReport(backend, *_resolve(kind, namespace, backend, facts))


def _resolve(kind: str, namespace: str, backend: Backend, facts: Facts) -> tuple[Result, str]:
    if backend.other:
        return Result.NOT_JUDGED, backend.other
    key = ServiceKey(backend.namespace, backend.name)
    report = facts.report(key)
    if report is None:
        why = facts.unknowable(key)
        return (Result.UNKNOWN, why) if why else (Result.MISSING_SERVICE, "")
    service = report.service
    port = find_port(service, kind, backend.port)
    # What an ExternalName Service says of ports applies to nothing (semantics.md §4).
    if port is None and service.type != "ExternalName":
        return Result.MISSING_PORT, ""
    if kind in GATEWAY_KINDS and namespace != backend.namespace:
        forbidden = _forbid(kind, namespace, backend, facts)
        if forbidden is not None:
            return forbidden
    if service.type == "ExternalName" or port is None:
        # Gateway API, BackendObjectReference: implementations should not support these.
        judged = kind in GATEWAY_KINDS
        return Result.EXTERNAL_NAME if judged else Result.NOT_JUDGED, service.external_name
    if kind in CALLER_KINDS and service.headless:
        return Result.UNKNOWN, HEADLESS
    result, reason = judge_port(report, port)
    if result is Result.OK and backend.weight == 0 and not backend.mirror:
        return Result.WEIGHT_ZERO, ""
    return result, reason


def _forbid(kind: str, namespace: str, backend: Backend, facts: Facts) -> tuple[Result, str] | None:
    """What keeps a route out of another namespace; None where a grant lets it in."""
    grants = facts.grants(backend.namespace)
    if grants is None:
        return Result.UNKNOWN, GRANTS_UNREADABLE
    if any(grant.permits(kind, namespace, backend.name) for grant in grants):
        return None
    return Result.NOT_PERMITTED, ""


def find_port(service: Service, kind: str, wanted: int | str) -> ServicePort | None:
    """The port of the Service that a reference means: by number or name, never by targetPort.

    A number may be there twice, once for each protocol; each kind speaks one of them.
    """
    if not wanted:
        return None
    protocol = "UDP" if kind == "UDPRoute" else "TCP"
    for port in service.ports:
        if wanted in (port.port, port.name) and port.protocol == protocol:
            return port
    return None


def judge_port(report: ServiceReport, port: ServicePort) -> tuple[Result, str]:
    """How a Service stands on one of its ports."""
    judgement = report.judgement
    if not report.known or judgement.standing is Standing.UNKNOWN:
        return Result.UNKNOWN, ENDPOINTS_UNREADABLE
    standing = judgement.standing
    if report.reason is not None:
        down = {Standing.INTENDED: Result.INTENDED, Standing.NEW: Result.NEW}
        return down.get(standing, Result.NO_ENDPOINTS), report.reason.value
    for one in report.ports:
        same = one.port == port.port and one.name == port.name and one.protocol == port.protocol
        if same and one.ready:
            break
    else:
        code = FindingCode.PORT_WITHOUT_ENDPOINTS.value
        return (Result.NEW if standing is Standing.NEW else Result.NO_ENDPOINTS), code
    for finding in judgement.findings:
        if finding.weight is Weight.WARNING and finding.code in _FELT:
            return Result.DEGRADED, finding.code.value
    return Result.OK, ""


class Dangling(NamedTuple):
    """A reference to a Service that does not have the port: who makes it, and which port."""

    kind: str
    namespace: str
    name: str
    port: int | str


def find_dangling(service: Service, dependents: Iterable[Dependent] | None) -> tuple[Dangling, ...]:
    """The references to a Service by ports that it does not have, each once, in order.

    Routes that no parent accepts send nothing there, and are left out.
    """
    if service.type == "ExternalName":
        return ()
    name, namespace = service.name, service.namespace
    # What has been asked already: most that refer to a Service mean the same port.
    there: dict[tuple[str, int | str], bool] = {}
    found: set[Dangling] = set()
    for one in dependents or ():
        if one.rejected:
            continue
        kind = one.kind
        for rule in one.rules:
            for backend in rule.backends:
                if backend.name != name or backend.namespace != namespace or backend.other:
                    continue
                port = backend.port
                known = there.get((kind, port))
                if known is None:
                    known = there[kind, port] = find_port(service, kind, port) is not None
                if not known:
                    found.add(Dangling(kind, one.namespace, one.name, port))
    if not found:
        return ()
    return tuple(sorted(found, key=lambda one: (one[:3], str(one.port))))
