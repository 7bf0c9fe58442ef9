"""Why a Service has no usable ready endpoint, as far as Services and slices tell.

The order of the rules is the meaning (semantics.md §5, rules 0 to 10, and 17 where slices alone
show it): the first that holds is the reason. What only Pods can tell is asked for by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter.analysis.families import usable_families
from exporter.analysis.merge import Merged
from exporter.model import Reason, Source
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice

Verdict = tuple[Reason, str | None]

#: These say that Pods were not asked; with Pods there is always a more exact one.
WITHOUT_PODS = frozenset({Reason.ENDPOINTS_NOT_READY, Reason.ALL_TERMINATING, Reason.NO_ENDPOINTS})


def find_reason(
    service: Service,
    source: Source,
    merged: Merged,
    slices: Sequence[EndpointSlice],
    *,
    present: bool,
) -> Verdict:
    """The reason and its detail, for a Service without a usable ready endpoint.

    `present`: there is at least one slice (or the Endpoints object) of this Service.
    """
    if service.type == "ExternalName":
        return Reason.EXTERNAL_NAME, None
    if service.deleting:
        return Reason.SERVICE_DELETING, None
    if not service.selector:
        return _selectorless(service, merged, slices)
    if not present:
        detail = "Endpoints" if source is Source.ENDPOINTS else None
        return Reason.ENDPOINT_SLICES_MISSING, detail
    ready = _ready_types(merged)
    if source is Source.ENDPOINTSLICES and ready:
        if ready & set(usable_families(service)):
            return Reason.NAMED_PORT_MISSING, _blocked_by(service, slices)
        return Reason.FAMILY_MISMATCH, None
    flags = _flags(merged)
    if source is Source.ENDPOINTS and all(state & READY for state in flags):
        # No address, or ready ones behind other ports: which, Endpoints can't tell.
        return Reason.NO_ENDPOINTS, None
    if any(not state & TERMINATING for state in flags):
        return Reason.ENDPOINTS_NOT_READY, None
    if flags:
        serving = any(state & SERVING for state in flags)
        return Reason.ALL_TERMINATING, "Serving" if serving else None
    return Reason.NO_ENDPOINTS, None


def _selectorless(service: Service, merged: Merged, slices: Sequence[EndpointSlice]) -> Verdict:
    flags = _flags(merged)
    if not flags:
        return Reason.SELECTORLESS_NO_ENDPOINTS, None
    ready = _ready_types(merged)
    if not ready:
        terminating = all(state & TERMINATING for state in flags)
        return Reason.SELECTORLESS_NOT_READY, "Terminating" if terminating else None
    if ready & set(usable_families(service)):
        detail = _blocked_by(service, slices) or "PortMismatch"
        return Reason.SELECTORLESS_UNUSABLE, detail
    only_names = ready == {"FQDN"}
    return Reason.SELECTORLESS_UNUSABLE, "FQDNOnly" if only_names else "FamilyMismatch"


def _blocked_by(service: Service, slices: Sequence[EndpointSlice]) -> str | None:
    """Tell "HeadlessLabel" when kube-proxy's filter alone hides ready endpoints, else None."""
    families = usable_families(service)
    visible = any(
        entry.flags & READY
        for piece in slices
        if piece.address_type in families and not piece.headless
        for entry in piece.endpoints
    )
    return None if visible else "HeadlessLabel"


def _ready_types(merged: Merged) -> set[str]:
    return {
        kind
        for kind, entries in merged.items()
        if any(entry.flags & READY for entry in entries.values())
    }


def _flags(merged: Merged) -> set[int]:
    return {entry.flags for entries in merged.values() for entry in entries.values()}
