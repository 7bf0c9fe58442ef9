"""What each kind is here: read, of no matter, or something nobody can know the meaning of."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from exporter.objects.resources import BY_KIND, NODES


class Use(StrEnum):
    """What is done with an object."""

    READ = "read"
    NOTHING = "nothing"
    STRANGE = "strange"


class KindUse(msgspec.Struct, frozen=True):
    """What a kind is. `why`, of a strange one: what can't be known; `blinding`: as of a Fault.

    `namespaced` is None where it does not matter.
    """

    what: Use
    why: str = ""
    blinding: bool = False
    namespaced: bool | None = None


#: Namespaces that hold much which no manifest brings: the control plane's Pods, kube-dns, kubelet.
SYSTEM = frozenset({"kube-system"})

ROLLOUTS = ("argoproj.io", "Rollout")

#: (group, kind) → the version that is read, besides the resources of the API that are.
_MORE = {
    ("batch", "Job"): ("v1",),
    ("batch", "CronJob"): ("v1",),
    ("policy", "PodDisruptionBudget"): ("v1",),
    ("autoscaling", "HorizontalPodAutoscaler"): ("v1", "v2", "v2beta2", "v2beta1"),
    ROLLOUTS: ("v1alpha1",),
    ("keda.sh", "ScaledObject"): ("v1alpha1",),
}


#: Custom resources that make no Pods and send nothing to Services.
_HARMLESS = frozenset(
    {
        ("monitoring.coreos.com", "PrometheusRule"),
        ("cert-manager.io", "Certificate"),
        ("cert-manager.io", "ClusterIssuer"),
        ("cert-manager.io", "Issuer"),
        ("kustomize.config.k8s.io", "Kustomization"),
    }
)


def find_use(group: str, version: str, kind: str) -> KindUse:
    """What an object of this kind is here."""
    resource = BY_KIND.get((group, kind))
    if resource is not None:
        if resource is NODES:
            return KindUse(Use.NOTHING)  # no manifest says what Nodes there will be
        versions = [one.rpartition("/")[2] for one in resource.api_versions]
        if version not in versions:
            return _unread_version(group, version, versions[0], namespaced=resource.namespaced)
        return KindUse(Use.READ, namespaced=resource.namespaced)
    more = _MORE.get((group, kind))
    if more is not None:
        if version not in more:
            return _unread_version(group, version, more[0])
        return KindUse(Use.READ)
    if not makes_pods(group, kind):
        return KindUse(Use.NOTHING)
    return KindUse(Use.STRANGE, "a custom resource: what it makes can't be known")


def _unread_version(
    group: str, version: str, read: str, *, namespaced: bool | None = None
) -> KindUse:
    why = f"{group}/{version} is not read, {group}/{read} is"
    # What makes Pods is in these groups; of all else nothing missing is told.
    return KindUse(Use.STRANGE, why, blinding=group in ("apps", "batch"), namespaced=namespaced)


def _is_builtin(group: str) -> bool:
    """Whether Kubernetes itself serves the group: it has no dot, or one of Kubernetes' own."""
    return "." not in group or group.endswith(".k8s.io")


def makes_pods(group: str, kind: str) -> bool:
    """Whether it is a custom resource that may make Pods, for all one can tell."""
    known = (group, kind) in _HARMLESS or (group, kind) in _MORE or (group, kind) in BY_KIND
    return not (known or _is_builtin(group))
