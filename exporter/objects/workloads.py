"""Workload: Deployments and their like, as much as tells how many Pods somebody wants."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from exporter.objects.meta import (
    OwnerReference,
    WireMeta,
    intern_labels,
    intern_text,
    parse_time,
)

_MESSAGE_LIMIT = 500


class Failure(msgspec.Struct, frozen=True, gc=False):
    """The condition ReplicaFailure: why Pods can't be made; `since` is None when nothing tells."""

    reason: str
    message: str
    since: float | None


class Workload(msgspec.Struct, frozen=True, gc=False):
    """A controller of Pods. `replicas` is what is wanted: 1 when nobody says.

    `existing` is how many Pods it says there are, None before it says so. `template_labels` are
    the labels its Pods get. `owner_kind`, `owner_name` and `owner_uid` are its own controller's,
    "" when it has none: what is owned stands for its owner.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str
    replicas: int
    existing: int | None
    template_labels: dict[str, str]
    owner_kind: str = ""
    owner_name: str = ""
    owner_uid: str = ""
    failure: Failure | None = None


class _WireTemplateMeta(msgspec.Struct, frozen=True, gc=False):
    labels: dict[str, str] | None = None


class _WireTemplate(msgspec.Struct, frozen=True, gc=False):
    metadata: _WireTemplateMeta | None = None


class _WireSpec(msgspec.Struct, frozen=True, gc=False):
    replicas: int | None = None
    template: _WireTemplate | None = None


class _WireCondition(msgspec.Struct, frozen=True, rename="camel", gc=False):
    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class _WireStatus(msgspec.Struct, frozen=True, rename="camel", gc=False):
    replicas: int | None = None
    desired_number_scheduled: int | None = None
    current_number_scheduled: int | None = None
    observed_generation: int | None = None
    conditions: list[_WireCondition] | None = None


_NO_SPEC = _WireSpec()


class WireWorkload(msgspec.Struct, frozen=True):
    """A workload as the wire has it; `KIND` is the class's, for items of a list don't tell."""

    KIND: ClassVar[str] = ""

    metadata: WireMeta
    spec: _WireSpec | None = None
    status: _WireStatus | None = None

    def _count(self) -> tuple[int, int | None]:
        """How many Pods are wanted, and how many there are."""
        spec, status = self.spec or _NO_SPEC, self.status
        wanted = 1 if spec.replicas is None else spec.replicas
        # A count of 0 is left out by some; a status that says nothing at all is not one of 0.
        return wanted, None if status is None else status.replicas or 0

    def compact(self) -> Workload:
        """The retained form."""
        meta, spec = self.metadata, self.spec or _NO_SPEC
        template = spec.template.metadata if spec.template else None
        wanted, existing = self._count()
        owner = _find_controller(meta.owner_references)
        return Workload(
            kind=self.KIND,
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            uid=meta.uid or "",
            resource_version=meta.resource_version or "",
            replicas=wanted,
            existing=existing,
            template_labels=intern_labels(template.labels if template else None),
            owner_kind=intern_text(owner.kind),
            owner_name=owner.name,
            owner_uid=owner.uid,
            failure=_find_failure(self.status),
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


class WireDaemonSet(WireWorkload, frozen=True):
    """A DaemonSet wants a Pod for each Node that fits: its status says how many those are."""

    KIND: ClassVar[str] = "DaemonSet"

    def _count(self) -> tuple[int, int | None]:
        status = self.status
        if status is None or status.desired_number_scheduled is None:
            return 1, None
        if status.observed_generation is not None and (
            status.observed_generation < (self.metadata.generation or 0)
        ):
            return max(1, status.desired_number_scheduled), None  # it speaks of an older spec
        return status.desired_number_scheduled, status.current_number_scheduled or 0


#: resource → what its objects look like on the wire
WORKLOAD_WIRES: dict[str, type[WireWorkload]] = {
    "deployments": WireDeployment,
    "replicasets": WireReplicaSet,
    "statefulsets": WireStatefulSet,
    "replicationcontrollers": WireReplicationController,
    "daemonsets": WireDaemonSet,
}

_NOBODY = OwnerReference()


def _find_controller(references: list[OwnerReference] | None) -> OwnerReference:
    return next((one for one in references or () if one.controller), _NOBODY)


def _find_failure(status: _WireStatus | None) -> Failure | None:
    for condition in (status.conditions if status else None) or ():
        if condition.type == "ReplicaFailure" and condition.status == "True":
            return Failure(
                condition.reason or "",
                (condition.message or "")[:_MESSAGE_LIMIT],
                parse_time(condition.last_transition_time),
            )
    return None
