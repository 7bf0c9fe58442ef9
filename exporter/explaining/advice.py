"""What each reason means and what to do about it, as text: data, and nothing that decides.

In the texts `{service}`, `{namespace}` and `{selector}` stand for the Service's, and `{owner}` for
the workload behind it. In commands they are quoted for a shell, and `{pod}`, `{container}`,
`{node}`, `{workload}` (that can be scaled) and `{maker}` (of Pods) are an example's: a command
whose example is not there is left out. What is to be done about a zero that somebody meant is what
to do if it is not meant after all.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.model import Reason


class Advice(msgspec.Struct, frozen=True):
    """`message`: what is the matter. `fix`: what to do. `commands`: to copy, the first first."""

    message: str
    fix: str
    commands: tuple[str, ...] = ()


SLICES = "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service} -o yaml"
PODS = "kubectl get pods -n {namespace} -l {selector} -o wide"
OF_PODS = "kubectl get pods -n {namespace} -l {selector} -o jsonpath="
PORTS = OF_PODS + "'{{.items[*].spec.containers[*].ports}}'"
ADDRESSES = OF_PODS + "'{{.items[*].status.podIPs}}'"
DESCRIBE = "kubectl describe pod -n {namespace} {pod}"
EVENTS = "kubectl events -n {namespace} --for pod/{pod}"
LOGS = "kubectl logs -n {namespace} {pod} -c {container}"
SERVICE_EVENTS = "kubectl events -n {namespace} --for service/{service}"
SERVICE_PORTS = "kubectl get service -n {namespace} {service} -o jsonpath='{{.spec.ports}}'"
EDIT = "kubectl edit service -n {namespace} {service}"
GRANT = "kubectl auth can-i list pods --all-namespaces"
CONTROLLER = "kubectl get pods -n kube-system -l component=kube-controller-manager"

ADVICE: Mapping[Reason, Advice] = {
    Reason.EXTERNAL_NAME: Advice(
        "The Service is a DNS alias: it has no endpoints by design.",
        "If a client can't reach it, look at the host that it names.",
        ("kubectl get service -n {namespace} {service} -o wide",),
    ),
    Reason.SERVICE_DELETING: Advice(
        "The Service is being deleted and waits for a finalizer.",
        "If it lasts, find out who has to clear the finalizer (mostly the cloud controller that "
        "removes the load balancer) and why it does not.",
        ("kubectl get service -n {namespace} {service} -o jsonpath='{{.metadata.finalizers}}'",),
    ),
    Reason.SELECTORLESS_NO_ENDPOINTS: Advice(
        "The Service has no selector, and nobody has given it an address.",
        "If it should have some, create an EndpointSlice with the label "
        "kubernetes.io/service-name={service}, or give the Service a selector.",
        (SLICES, EDIT),
    ),
    Reason.SELECTORLESS_UNUSABLE: Advice(
        "The Service has no selector; ready addresses were given to it, but no port reaches them.",
        "Make addressType of the EndpointSlice one of the Service's ipFamilies, and name and "
        "protocol of its ports (with a number) those of the Service's.",
        (SLICES,),
    ),
    Reason.SELECTORLESS_NOT_READY: Advice(
        "The Service has no selector, and of the addresses given to it none is ready.",
        "Look at the backends themselves, and at whoever writes the EndpointSlice.",
        (SLICES,),
    ),
    Reason.ENDPOINT_SLICES_MISSING: Advice(
        "The Service has a selector, but its endpoints were never written.",
        "Normal for seconds after it was created. Else look for a kube-controller-manager that is "
        "not running, a quota, a webhook that denies EndpointSlices, or a namespace that is going.",
        (CONTROLLER, SERVICE_EVENTS, SLICES),
    ),
    Reason.NAMED_PORT_MISSING: Advice(
        "There are ready Pods, but no port of the Service leads to them.",
        "Give a containerPort the name that targetPort asks for (with the same protocol), or put "
        "the port's number into targetPort.",
        (SERVICE_PORTS, PORTS),
    ),
    Reason.ENDPOINTS_NOT_READY: Advice(
        "The Service has endpoints, but none is ready. Pods can't be read, so why is not known.",
        "Look at the Pods, or let the exporter list and watch Pods: it then tells why.",
        (PODS, GRANT),
    ),
    Reason.ALL_TERMINATING: Advice(
        "All endpoints of the Service are terminating, and nothing takes their place.",
        "See whether a rollout is stuck or the workload was scaled down; the Pods tell.",
        (PODS, "kubectl get deployments,statefulsets -n {namespace}"),
    ),
    Reason.NO_ENDPOINTS: Advice(
        "The selector yields no endpoint at all. Pods can't be read, so why is not known.",
        "Compare the selector with the Pods' labels, or let the exporter list and watch Pods.",
        (PODS, "kubectl get pods -n {namespace} --show-labels", GRANT),
    ),
    Reason.SCALED_TO_ZERO: Advice(
        "The workload behind the Service is scaled to zero: no endpoints are wanted.",
        "If endpoints are wanted, scale {owner} up.",
        ("kubectl scale -n {namespace} {workload} --replicas=1",),
    ),
    Reason.PODS_NOT_CREATED: Advice(
        "A workload whose Pods the Service would select wants some, and none has been made.",
        "The selector is right. See why no Pod can be made: a quota, an admission webhook, a "
        "missing ServiceAccount; the workload and its events tell.",
        (
            "kubectl describe -n {namespace} {maker}",
            "kubectl get resourcequotas,limitranges -n {namespace}",
            "kubectl events -n {namespace} --types=Warning",
        ),
    ),
    Reason.SELECTOR_MATCHES_NO_PODS: Advice(
        "The selector {selector} matches no Pod in namespace {namespace}.",
        "Make the Service's selector and the labels of the Pods (the template of their workload) "
        "agree.",
        ("kubectl get pods -n {namespace} --show-labels", EDIT),
    ),
    Reason.ALL_PODS_TERMINATING: Advice(
        "All selected Pods are terminating, and no new one has come.",
        "Wait for the next Pods. If none come, look at the workload; if the old ones stay, look "
        "for finalizers and lost Nodes.",
        (PODS, DESCRIBE),
    ),
    Reason.ALL_PODS_FINISHED: Advice(
        "All selected Pods have run to their end: finished Pods take no traffic.",
        "A Service on top of a Job selects Pods that end. If they were evicted or failed, look at "
        "the workload that should replace them.",
        (PODS, DESCRIBE),
    ),
    Reason.ENDPOINTS_LAGGING: Advice(
        "A Pod is ready, but the Service's endpoints don't say so.",
        "Normal for a second or two. If it lasts, the endpoint controller is behind: look at "
        "kube-controller-manager.",
        (CONTROLLER, SLICES),
    ),
    Reason.NODE_MISSING: Advice(
        "A Pod says it is ready, but its Node does not exist any more.",
        "Delete the Pod if its garbage collection does not, and see why the Node went.",
        ("kubectl get node {node}", "kubectl delete pod -n {namespace} {pod}"),
    ),
    Reason.FAMILY_MISMATCH: Advice(
        "Ready addresses exist, but in no IP family of the Service.",
        "Set ipFamilies and ipFamilyPolicy of the Service to what the Pods have, or give the Pods "
        "addresses of that family (network plugin).",
        (
            "kubectl get service -n {namespace} {service} -o jsonpath='{{.spec.ipFamilies}}'",
            ADDRESSES,
        ),
    ),
    Reason.READINESS_GATE_NOT_READY: Advice(
        "All containers are ready, but a readiness gate of the Pod is not open.",
        "Look at the controller that sets the gate's condition (a load balancer's, for example).",
        (DESCRIBE, "kubectl get pod -n {namespace} {pod} -o jsonpath='{{.status.conditions}}'"),
    ),
    Reason.NODE_NOT_READY: Advice(
        "The containers were ready when the kubelet of the Pod's Node last told.",
        "Look at the Node and its kubelet; where the Node is back, restart the kubelet or delete "
        "the Pod.",
        ("kubectl describe node {node}", PODS),
    ),
    Reason.READINESS_PROBE_FAILING: Advice(
        "The containers run, but a probe does not succeed.",
        "Ask the application what the probe asks; check path, port and timing of the probe.",
        (EVENTS, LOGS),
    ),
    Reason.CRASH_LOOP_BACK_OFF: Advice(
        "A container ends again and again and is restarted with growing pauses.",
        "Read what it said before it ended; after OOMKilled raise its memory limit or lower its "
        "use.",
        (f"{LOGS} --previous", DESCRIBE),
    ),
    Reason.INIT_NOT_COMPLETE: Advice(
        "An init container has not done its work, so the application is not started.",
        "Read what the init container says: it often waits for something that is not there.",
        (LOGS, DESCRIBE),
    ),
    Reason.IMAGE_PULL: Advice(
        "The image of a container can't be pulled.",
        "Check name and tag of the image, the pull secret, and whether the registry answers.",
        (EVENTS, DESCRIBE),
    ),
    Reason.CONTAINER_CONFIG_ERROR: Advice(
        "A container can't be made out of its configuration.",
        "Look for a ConfigMap, Secret or key that does not exist, or a command that is not there.",
        (EVENTS, DESCRIBE),
    ),
    Reason.CONTAINER_CREATING: Advice(
        "The containers are still being made.",
        "Normal for some seconds. If it lasts, the events name the volume, network or secret that "
        "is waited for.",
        (EVENTS, DESCRIBE),
    ),
    Reason.UNSCHEDULABLE: Advice(
        "No Node can take the Pod.",
        "Free or add capacity, or relax what the Pod asks for: resources, affinity, tolerations, "
        "volumes.",
        (EVENTS, "kubectl get nodes -o wide"),
    ),
    Reason.SCHEDULING_GATED: Advice(
        "The Pod has a scheduling gate that nobody has removed.",
        "Look at the controller that should remove the gate (a queue or a quota, mostly).",
        ("kubectl get pod -n {namespace} {pod} -o jsonpath='{{.spec.schedulingGates}}'",),
    ),
    Reason.UNSCHEDULED: Advice(
        "No scheduler has looked at the Pod yet.",
        "See that the scheduler runs, and that the Pod's schedulerName is one that exists.",
        (
            "kubectl get pod -n {namespace} {pod} -o jsonpath='{{.spec.schedulerName}}'",
            "kubectl get pods -n kube-system -l component=kube-scheduler",
        ),
    ),
    Reason.PODS_NOT_READY: Advice(
        "The Pods are not ready, for a reason that has no name of its own.",
        "Describe the Pod: its conditions and events tell more.",
        (DESCRIBE, EVENTS),
    ),
}

#: While it can't be told whether there is a reason.
UNREADABLE = Advice(
    "What endpoints the Service has can't be known.",
    "Let the exporter list and watch EndpointSlices, and look at objects it can't decode.",
    ("kubectl auth can-i list endpointslices.discovery.k8s.io --all-namespaces",),
)

#: What there is instead of a number of replicas.
DAEMON_SET_FIX = (
    "If endpoints are wanted, see which Nodes {owner} asks for (nodeSelector, affinity, "
    "tolerations), and give some of them what it wants."
)

#: What a detail adds to the message of its reason; a detail not listed speaks for itself.
DETAILS: Mapping[tuple[Reason, str], str] = {
    (Reason.SELECTORLESS_UNUSABLE, "FQDNOnly"): "All ready addresses are host names, which "
    "kube-proxy ignores.",
    (Reason.SELECTORLESS_UNUSABLE, "FamilyMismatch"): "The ready addresses are of another IP "
    "family than the Service.",
    (Reason.SELECTORLESS_UNUSABLE, "PortMismatch"): "No port of the slices has name and protocol "
    "of a Service port, and a number.",
    (Reason.SELECTORLESS_UNUSABLE, "HeadlessLabel"): "kube-proxy ignores slices with the label "
    "service.kubernetes.io/headless.",
    (Reason.NAMED_PORT_MISSING, "HeadlessLabel"): "kube-proxy ignores slices with the label "
    "service.kubernetes.io/headless.",
    (Reason.SELECTORLESS_NOT_READY, "Terminating"): "All of them are terminating.",
    (Reason.ENDPOINT_SLICES_MISSING, "Endpoints"): "There is no Endpoints object of its name.",
    (Reason.SCALED_TO_ZERO, "Draining"): "Its last Pods are on their way out.",
    (Reason.NODE_NOT_READY, "NodeRecovered"): "The Node is ready again, but its kubelet has never "
    "set the Pod back to ready.",
    (Reason.ALL_TERMINATING, "Serving"): "Some still serve, and kube-proxy sends traffic to them.",
    (Reason.ALL_PODS_TERMINATING, "Serving"): "Some still serve, and kube-proxy sends traffic to "
    "them.",
    (Reason.ALL_PODS_FINISHED, "Succeeded"): "They succeeded.",
    (Reason.ALL_PODS_FINISHED, "Failed"): "At least one of them failed.",
    (Reason.ALL_PODS_FINISHED, "Evicted"): "They were evicted from their Nodes.",
    (Reason.READINESS_PROBE_FAILING, "StartupProbe"): "It is the startup probe: the container has "
    "not come up yet.",
    (Reason.CRASH_LOOP_BACK_OFF, "OOMKilled"): "It was killed for using more memory than its "
    "limit.",
    (Reason.SELECTOR_MATCHES_NO_PODS, "NearMiss"): "Some Pods match but for one label.",
    (Reason.SELECTOR_MATCHES_NO_PODS, "OtherNamespace"): "Pods that match are in another "
    "namespace, where a Service can't select them.",
}
