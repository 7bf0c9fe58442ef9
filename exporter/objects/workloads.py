"""Workload: Deployments and their like, as much as tells that somebody wants no Pods."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from exporter.objects.meta import OwnerReference, WireMeta, intern_labels, intern_text


class Workload(msgspec.Struct, frozen=True, gc=False):
    """A controller of Pods. `replicas` is what is wanted: 1 when the spec does not say.

    `template_labels` are the labels its Pods get. `owner_kind` is the kind of its own controller,
    "" when it has none: the ReplicaSets of a Deployment are not wishes of their own.
    """

    kind: str
    namespace: str
    name: str
    resource_version: str
    replicas: int
    template_labels: dict[str, str]
    owner_kind: str


class _WireTemplateMeta(msgspec.Struct, frozen=True, gc=False):
    labels: dict[str, str] | None = None


class _WireTemplate(msgspec.Struct, frozen=True, gc=False):
    metadata: _WireTemplateMeta | None = None


class _WireSpec(msgspec.Struct, frozen=True, gc=False):
    replicas: int | None = None
    template: _WireTemplate | None = None


class WireWorkload(msgspec.Struct, frozen=True):
    """A workload as the wire has it; `KIND` is the class's, for items of a list don't tell."""

    KIND: ClassVar[str] = ""

    metadata: WireMeta
    spec: _WireSpec | None = None

    def compact(self) -> Workload:
        """The retained form."""
        meta, spec = self.metadata, self.spec or _WireSpec()
        template = spec.template.metadata if spec.template else None
        return Workload(
            kind=self.KIND,
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            replicas=1 if spec.replicas is None else spec.replicas,
            template_labels=intern_labels(template.labels if template else None),
            owner_kind=_controller_kind(meta.owner_references),
        )


class WireDeployment(WireWorkload, frozen=True):
    """See WireWorkload."""

    KIND: ClassVar[str] = "Deployment"


class WireReplicaSet(WireWorkload, frozen=True):
    """See WireWorkload."""

    KIND: ClassVar[str] = "ReplicaSet"


class WireStatefulSet(WireWorkload, frozen=True):
    """See WireWorkload."""

    KIND: ClassVar[str] = "StatefulSet"


class WireReplicationController(WireWorkload, frozen=True):
    """See WireWorkload."""

    KIND: ClassVar[str] = "ReplicationController"


#: resource → what its objects look like on the wire
WORKLOAD_WIRES: dict[str, type[WireWorkload]] = {
    "deployments": WireDeployment,
    "replicasets": WireReplicaSet,
    "statefulsets": WireStatefulSet,
    "replicationcontrollers": WireReplicationController,
}


def _controller_kind(references: list[OwnerReference] | None) -> str:
    for reference in references or ():
        if reference.controller:
            return intern_text(reference.kind)
    return ""
