"""Node: whether it is there, is ready and takes Pods, and its zone. Nothing else of it is kept."""

from __future__ import annotations

import msgspec

from exporter.objects.meta import WireMeta, intern_text

ZONE_LABEL = "topology.kubernetes.io/zone"
CORDON_TAINT = "node.kubernetes.io/unschedulable"


class Node(msgspec.Struct, frozen=True, gc=False):
    """A Node. `namespace` is always "".

    `ready`: its Ready condition is True. `schedulable`: it is not cordoned (taints that some Pods
    tolerate don't count). `zone` is "" when it has none.
    """

    name: str
    resource_version: str
    ready: bool
    schedulable: bool
    zone: str
    namespace: str = ""


class _WireTaint(msgspec.Struct, frozen=True, gc=False):
    key: str | None = None
    effect: str | None = None


class _WireSpec(msgspec.Struct, frozen=True, gc=False):
    unschedulable: bool | None = None
    taints: list[_WireTaint] | None = None


class _WireCondition(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    status: str | None = None


class _WireStatus(msgspec.Struct, frozen=True, gc=False):
    conditions: list[_WireCondition] | None = None


class WireNode(msgspec.Struct, frozen=True):
    """A Node as the wire has it."""

    metadata: WireMeta
    spec: _WireSpec | None = None
    status: _WireStatus | None = None

    def compact(self) -> Node:
        """The retained form."""
        spec = self.spec or _WireSpec()
        conditions = (self.status.conditions if self.status else None) or ()
        cordoned = bool(spec.unschedulable) or any(
            taint.key == CORDON_TAINT for taint in spec.taints or ()
        )
        return Node(
            name=intern_text(self.metadata.name),
            resource_version=self.metadata.resource_version or "",
            ready=any(c.type == "Ready" and c.status == "True" for c in conditions),
            schedulable=not cordoned,
            zone=intern_text((self.metadata.labels or {}).get(ZONE_LABEL)),
        )
