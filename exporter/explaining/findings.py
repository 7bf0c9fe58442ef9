"""What each finding means and what to do about it, as text: data, and nothing that decides.

Messages and fixes are format strings over what the finding holds (see `told`): `{count:Pod}` is
`1 Pod` or `3 Pods`, `{is:…}` picks a verb by that number, `{names}` are the first of those it is
about. Commands are filled in as those of reasons are (see `advice`); `{object}` is the first that
the finding is about.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.explaining.advice import (
    ADDRESSES,
    CONTROLLER,
    DESCRIBE,
    EDIT,
    PODS,
    PORTS,
    SERVICE_EVENTS,
    SERVICE_PORTS,
    SLICES,
)
from exporter.model import FindingCode


class Telling(msgspec.Struct, frozen=True):
    """`note`: what it is in a few words, for lists. `message`: in a sentence. `fix`: what to do.

    `commands` are to copy, the first first. `alert` is the rule that watches it, "" where none
    does.
    """

    note: str
    message: str
    fix: str
    commands: tuple[str, ...] = ()
    alert: str = ""


#: By code, and by code and detail or weight where those make it another story.
FINDINGS: Mapping[FindingCode | tuple[FindingCode, str], Telling] = {
    FindingCode.ENDPOINTS_WITHDRAWN: Telling(
        "endpoints withdrawn",
        "The Service had endpoints that somebody wrote for it, and they were taken away.",
        "Find out who writes its EndpointSlices (an operator, a script, a mirror of another "
        "cluster) and why it withdrew them: nothing else brings them back.",
        (SLICES, SERVICE_EVENTS),
        "KubeServiceLostAllEndpoints",
    ),
    FindingCode.STALE_ENDPOINTS: Telling(
        "{count:stale address}",
        "{count:ready address} {verb:leads:lead} to a Pod that is gone or has another address: "
        "what is sent there is lost.",
        "The endpoint controller does not follow: look at kube-controller-manager. When it runs, "
        "deleting the EndpointSlice makes it write a new one.",
        (CONTROLLER, SLICES),
        "KubeServiceEndpointsLagging",
    ),
    FindingCode.BELOW_MIN_READY: Telling(
        "below min-ready {total}",
        "Only {count} of at least {total} wanted endpoints {verb:is:are} ready.",
        "Look at the Pods that are not ready, or scale the workload up.",
        (PODS,),
        "KubeServiceBelowMinReady",
    ),
    FindingCode.PORT_WITHOUT_ENDPOINTS: Telling(
        "{named:port} {names} {verb:has:have} no ready endpoint",
        "The {named:port} {names} {verb:has:have} no ready endpoint, though other ports have some.",
        "Give a containerPort the name that targetPort asks for (with the same protocol), or put "
        "the port's number into targetPort; where slices are written by hand, give them that port.",
        (SERVICE_PORTS, PORTS),
        "KubeServicePortWithoutEndpoints",
    ),
    FindingCode.FAMILY_WITHOUT_ENDPOINTS: Telling(
        "no ready {names} endpoint",
        "No {names} address is ready, though the Service wants some and others are.",
        "Give the Pods addresses of that family (network plugin, Nodes), or take it out of the "
        "Service's ipFamilies.",
        (
            "kubectl get service -n {namespace} {service} -o jsonpath='{{.spec.ipFamilies}}'",
            ADDRESSES,
        ),
        "KubeServiceFamilyWithoutEndpoints",
    ),
    FindingCode.HALF_UNREADY: Telling(
        "{count} of {total:what} not ready",
        "{count} of {total:what} {verb:is:are} not ready: fewer serve than should.",
        "Look at the Pods that are not ready.",
        (PODS,),
        "KubeServiceDegraded",
    ),
    (FindingCode.HALF_UNREADY, "note"): Telling(
        "{count} of {total:what} not ready",
        "{count} of {total:what} {verb:is:are} not ready; as many as min-ready asks for are.",
        "Look at the Pods that are not ready, unless they are meant to stand by.",
        (PODS,),
    ),
    FindingCode.ENDPOINTS_LAGGING: Telling(
        "slices behind {count:Pod}",
        "The EndpointSlices do not say what {count:Pod} {verb:says:say}: the endpoint controller "
        "is behind.",
        "Look at kube-controller-manager: whether it runs, and whether it is held up (memory, "
        "throttled requests, a webhook that denies EndpointSlices).",
        (CONTROLLER, SLICES),
        "KubeServiceEndpointsLagging",
    ),
    FindingCode.LOAD_BALANCER_PENDING: Telling(
        "load balancer pending",
        "The load balancer is pending: nothing has given the Service an address.",
        "Look at the Service's events, and whether a controller for load balancers runs and is "
        "responsible for it (cloud provider, loadBalancerClass, quota).",
        (SERVICE_EVENTS, "kubectl get service -n {namespace} {service} -o wide"),
        "KubeServiceLoadBalancerPending",
    ),
    FindingCode.LOCAL_POLICY_GAP: Telling(
        "{count} of {total:Node} without a local endpoint",
        "{policies} Local, and {count} of {total:schedulable Node} {verb:has:have} no ready "
        "endpoint of {verb:its:their} own: traffic that gets there is dropped.",
        "Run a Pod on each Node that takes such traffic (a DaemonSet, or a topology spread), or "
        "set the policy to Cluster. Nodes that a load balancer's health check leaves out need "
        "none.",
        (PODS, "kubectl get nodes -o wide"),
    ),
    (FindingCode.LOCAL_POLICY_GAP, "warning"): Telling(
        "no Node has a local endpoint",
        "{policies} Local, and no schedulable Node has a ready endpoint of its own: such traffic "
        "is dropped everywhere.",
        "Run a Pod on each Node that takes such traffic (a DaemonSet, or a topology spread), or "
        "set the policy to Cluster.",
        (PODS, "kubectl get nodes -o wide"),
        "KubeServiceTrafficPolicyBlackHole",
    ),
    FindingCode.TERMINATING_STUCK: Telling(
        "{count:Pod} stuck terminating",
        "{count:Pod} should have been gone for more than five minutes and {verb:is:are} still "
        "there.",
        "Look for a finalizer that nobody clears and for a Node that does not answer. Delete by "
        "force only what certainly runs no more.",
        (
            DESCRIBE,
            "kubectl get pod -n {namespace} {pod} -o jsonpath='{{.metadata.finalizers}}'",
            "kubectl get node {node}",
        ),
        "KubeServiceTerminatingStuck",
    ),
    FindingCode.BROKEN_REFERENCE: Telling(
        "{count:reference} to a port it lacks",
        "{count:object} {verb:points:point} at a port that the Service does not have.",
        "Correct the port where it is named, or give the Service that port. Ports are meant as the "
        "Service has them, not as its Pods do.",
        (SERVICE_PORTS,),
    ),
    FindingCode.REPLICAS_MISSING: Telling(
        "{count} of {total:Pod} made",
        "Only {count} of {total:wanted Pod} {verb:exists:exist}.",
        "Mend what keeps the workload's controller from making Pods: a quota, a webhook that "
        "denies them, a service account that is missing.",
        (
            "kubectl describe -n {namespace} {object}",
            "kubectl get resourcequotas,limitranges -n {namespace}",
            "kubectl events -n {namespace} --types=Warning",
        ),
        "KubeServiceReplicasMissing",
    ),
    FindingCode.TRUNCATED: Telling(
        "Endpoints truncated at 1,000 addresses",
        "Not all addresses are told: at 1,000 the list is cut.",
        "Read EndpointSlices in place of Endpoints (--source endpointslices), in clients too: "
        "Endpoints are deprecated and stop at 1,000 addresses.",
        ("kubectl get endpoints -n {namespace} {service} -o jsonpath='{{.metadata.annotations}}'",),
        "KubeServiceEndpointsTruncated",
    ),
    FindingCode.LEFTOVER_SLICES: Telling(
        "{count:leftover slice}",
        "{count:EndpointSlice} of the Service {verb:is:are} kept up to date by nobody: who reads "
        "{verb:it:them} is misled.",
        "Delete what is left over; if its addresses are wanted, hand it to somebody who keeps it "
        "up to date (label endpointslice.kubernetes.io/managed-by).",
        (SLICES, "kubectl delete endpointslice -n {namespace} {object}"),
        "KubeEndpointSlicesFrozen",
    ),
    FindingCode.SOME_UNREADY: Telling(
        "{count} of {total:what} not ready",
        "{count} of {total:what} {verb:is:are} not ready.",
        "Look at the Pods that are not ready.",
        (PODS,),
    ),
    FindingCode.MASKED_READINESS: Telling(
        "{count} ready but not serving",
        "{count} of {total:ready address} {verb:does:do} not serve: publishNotReadyAddresses "
        "publishes {verb:it:them} all the same.",
        "Judge the Service by its serving endpoints. If clients should get only Pods that are "
        "ready, switch publishNotReadyAddresses off, or give them a second Service without it.",
        (PODS, EDIT),
    ),
    FindingCode.HINTS_IGNORED: Telling(
        "{detail} hints ignored",
        "The {detail} hints are ignored: {count} of {total:ready endpoint} {verb:has:have} none.",
        "Traffic leaves its zone or Node until every ready endpoint has a hint. The controller "
        "writes hints for Pods whose Node has a zone; look at slices that others write.",
        (SLICES, "kubectl get nodes -L topology.kubernetes.io/zone"),
    ),
    FindingCode.ZONE_WITHOUT_HINT: Telling(
        "no hint for {named:zone} {names}",
        "No endpoint is hinted for {named:zone} {names}: traffic from there goes to all.",
        "Run ready Pods in each zone that traffic comes from (a topology spread).",
        (PODS, "kubectl get nodes -L topology.kubernetes.io/zone"),
    ),
    FindingCode.SINGLE_POINT: Telling(
        "single endpoint",
        "One ready endpoint takes all traffic: its failure is an outage.",
        "Where that is not meant, run more Pods, and spread them over Nodes.",
        (PODS,),
    ),
    (FindingCode.SINGLE_POINT, "node"): Telling(
        "on a single Node",
        "All {count} ready endpoints are on one Node, {names}: its failure is an outage.",
        "Where that is not meant, spread the Pods over Nodes (topologySpreadConstraints, or a Pod "
        "anti-affinity).",
        (PODS, "kubectl get nodes -o wide"),
        "KubeServiceOnSingleNode",
    ),
    (FindingCode.SINGLE_POINT, "zone"): Telling(
        "in a single zone",
        "All {count} ready endpoints are in one zone, {names}: its failure is an outage.",
        "Where that is not meant, spread the Pods over zones (topologySpreadConstraints).",
        (PODS, "kubectl get nodes -L topology.kubernetes.io/zone"),
        "KubeServiceInSingleZone",
    ),
    FindingCode.SHARED_ADDRESS: Telling(
        "{count:shared address}",
        "{count:address} {verb:is:are} listed for more than one Pod, or for a Service that selects "
        "other Pods.",
        "Pods on the host's network share its address: give them different ports. Else look at "
        "the network plugin, and at who writes the slices.",
        ("kubectl get pods --all-namespaces -o wide --field-selector=status.podIP={object}",),
    ),
    FindingCode.TARGET_PORT_UNDECLARED: Telling(
        "targetPort of {names} undeclared",
        "The {named:port} {names} may lead nowhere: Pods declare ports, but not {verb:this:these} "
        "targetPort.",
        "See which port the application listens on: a declaration only informs, so this may be as "
        "it should be. Else correct targetPort, or declare the port.",
        (SERVICE_PORTS, PORTS),
    ),
    FindingCode.PROBE_ELSEWHERE: Telling(
        "readiness probe asks elsewhere",
        "The readiness probe of {named:container} {names} asks a port that the Service does not "
        "send to: ready may not mean that it can serve.",
        "Let the probe ask what clients ask, unless the other port stands for it (an admin port).",
        (DESCRIBE,),
    ),
    FindingCode.BAD_ANNOTATION: Telling(
        "bad annotation: {names}",
        "{count:annotation} of the Service {verb:is:are} none that the exporter takes, and "
        "{verb:counts:count} as not given.",
        "Correct the annotation, or take it away.",
        ("kubectl get service -n {namespace} {service} -o jsonpath='{{.metadata.annotations}}'",),
    ),
}


def find_telling(code: FindingCode, *variants: str) -> Telling:
    """What is told of a finding: of its variant (a detail, a weight) where that has its own."""
    for variant in variants:
        special = FINDINGS.get((code, variant))
        if special is not None:
            return special
    return FINDINGS[code]
