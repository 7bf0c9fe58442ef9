"""Pod templates: what each workload makes Pods of, and how many there will be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from exporter.manifests.kinds import ROLLOUTS
from exporter.manifests.places import Fault, Json, Manifest, dig, read_labels

#: Pods that are made of one template: more tell nothing else, and a number is quickly written.
MOST_PODS = 500


class Scale(msgspec.Struct, frozen=True):
    """How many Pods there will be: at least `low`, at most `high`; None where nobody can know."""

    low: int
    high: int | None

    @property
    def exact(self) -> bool:
        """Whether it is known."""
        return self.low == self.high


class Template(msgspec.Struct, frozen=True):
    """What a workload makes Pods of. `where` is the path of the Pod's spec in the manifest."""

    owner: Manifest
    labels: dict[str, str]
    spec: Json
    where: tuple[str, ...]
    scale: Scale

    @property
    def count(self) -> int:
        """How many Pods are made of it here."""
        scale = self.scale
        return min(max(scale.low, 1) if scale.high is None else scale.high, MOST_PODS)

    @property
    def counted(self) -> bool:
        """Whether no more Pods than are made here can ever be there."""
        return self.scale.high is not None and self.scale.high <= MOST_PODS


#: Kinds that make Pods: where the template is in them.
_WHERE: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("", "ReplicationController"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ROLLOUTS: ("spec", "template"),
    ("", "Pod"): (),
}
TEMPLATED = frozenset(kind for _, kind in _WHERE)


class Hidden(msgspec.Struct, frozen=True):
    """A workload whose Pods can't be known. `labels` are those they will have, if that is told."""

    owner: Manifest
    labels: dict[str, str]
    fault: Fault

    def may_match(self, namespace: str, selector: dict[str, str]) -> bool:
        """Whether a selector may choose its Pods, for all one can tell."""
        if self.owner.namespace != namespace:
            return False
        return not self.labels or selector.items() <= self.labels.items()


def find_templates(
    manifests: Iterable[Manifest],
) -> tuple[tuple[Template, ...], tuple[Hidden, ...]]:
    """All templates, and what should have one and has none."""
    found = tuple(manifests)
    scalers = dict(_find_scalers(found))
    templates, hidden = [], []
    for one in found:
        where = _WHERE.get((one.group, one.kind))
        if where is None:
            continue
        inner = one.get(*where) if where else one.value
        labels = read_labels(dig(inner, "metadata", "labels"))
        spec = dig(inner, "spec")
        containers = dig(spec, "containers")
        if not (isinstance(spec, dict) and isinstance(containers, list) and containers):
            line = one.line_of(*where)
            fault = Fault(one.file, line, _tell_missing(one), one.subject, blinding=False)
            hidden.append(Hidden(one, labels, fault))
            continue
        scale = scalers.get((one.kind, one.namespace, one.name)) or _read_scale(one)
        templates.append(Template(one, labels, spec, (*where, "spec"), scale))
    return tuple(templates), tuple(hidden)


def _tell_missing(one: Manifest) -> str:
    if one.get("spec", "workloadRef") is not None:
        return "its Pods are another workload's (workloadRef): what runs can't be known"
    return "it has no template of a Pod with containers: what runs can't be known"


def _read_scale(one: Manifest) -> Scale:
    if one.kind == "Pod":
        return Scale(1, 1)
    if one.kind == "DaemonSet":
        return Scale(2, None)  # one for each Node that fits: as if there were two
    if one.kind in ("Job", "CronJob"):
        where = ("spec",) if one.kind == "Job" else ("spec", "jobTemplate", "spec")
        if one.get("spec", "suspend") is True or dig(one.get(*where), "suspend") is True:
            return Scale(0, 0)
        return Scale(0, whole(dig(one.get(*where), "parallelism"), 1))
    wanted = whole(one.get("spec", "replicas"), 1)
    return Scale(wanted, wanted)


def _find_scalers(manifests: Iterable[Manifest]) -> Iterator[tuple[tuple[str, str, str], Scale]]:
    """What scales workloads: (kind, namespace, name) and the bounds."""
    for one in manifests:
        target = one.get("spec", "scaleTargetRef")
        kind, name = dig(target, "kind"), dig(target, "name")
        if one.kind == "HorizontalPodAutoscaler":
            low, high = one.get("spec", "minReplicas"), one.get("spec", "maxReplicas")
            scale = Scale(whole(low, 1), whole(high, MOST_PODS))
        elif (one.group, one.kind) == ("keda.sh", "ScaledObject"):
            kind = kind or "Deployment"
            low, high = one.get("spec", "minReplicaCount"), one.get("spec", "maxReplicaCount")
            scale = Scale(whole(low, 0), whole(high, 100))
        else:
            continue
        if isinstance(kind, str) and isinstance(name, str):
            yield (kind, one.namespace, name), scale


def whole(value: object, default: int) -> int:
    """A whole number of at least 0; the default for what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return default
