"""PodDisruptionBudget: how many of its Pods may be evicted, as its controller counts."""

from __future__ import annotations

import msgspec

from exporter.objects.meta import WireMeta, intern_text
from exporter.objects.selectors import LabelSelector, WireSelector


class Budget(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget. `selector` is None where it chooses no Pod.

    `always`: Pods that are not ready may go whatever the rest says. `allowed`, `healthy` and
    `desired` are numbers of Pods, as its controller last counted them; `observed`: it has counted
    for the spec as it is now.
    """

    namespace: str
    name: str
    resource_version: str
    selector: LabelSelector | None
    always: bool
    allowed: int
    healthy: int
    desired: int
    observed: bool


class _WireSpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: WireSelector | None = None
    unhealthy_pod_eviction_policy: str | None = None


class _WireStatus(msgspec.Struct, frozen=True, rename="camel"):
    disruptions_allowed: int | None = None
    current_healthy: int | None = None
    desired_healthy: int | None = None
    observed_generation: int | None = None


class WireBudget(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget as the wire has it."""

    metadata: WireMeta
    spec: _WireSpec | None = None
    status: _WireStatus | None = None

    def compact(self) -> Budget:
        """The retained form."""
        spec, status = self.spec or _WireSpec(), self.status or _WireStatus()
        return Budget(
            namespace=intern_text(self.metadata.namespace),
            name=self.metadata.name or "",
            resource_version=self.metadata.resource_version or "",
            selector=None if spec.selector is None else spec.selector.compact(),
            always=spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
            allowed=status.disruptions_allowed or 0,
            healthy=status.current_healthy or 0,
            desired=status.desired_healthy or 0,
            # The API server compares the same two (pkg/registry/core/pod/storage/eviction.go); an
            # object that was never stored has no generation and counts as one that was never seen.
            observed=(status.observed_generation or 0) >= (self.metadata.generation or 1),
        )
