"""Which address families a Service is served in, reported for, and can use."""

from __future__ import annotations

from exporter.objects.services import Service

IP_FAMILIES = ("IPv4", "IPv6")


def served_families(service: Service) -> tuple[str, ...]:
    """The families that the slice controller makes slices for, the first one first.

    `spec.ipFamilies`; for objects older than that the family of the cluster IP, else both
    (k8s.io/endpointslice utils.go, getAddressTypesForService).
    """
    if service.ip_families:
        return service.ip_families
    if service.cluster_ip in ("", "None"):
        return IP_FAMILIES
    return ("IPv6",) if ":" in service.cluster_ip else ("IPv4",)


def reported_families(service: Service) -> tuple[str, ...]:
    """The families that a Service has numbers for even when there is nothing in them.

    Where nobody said which, IPv4 alone: two rows of zeros would make half of it look broken.
    """
    if service.ip_families or service.cluster_ip not in ("", "None"):
        return served_families(service)
    return ("IPv4",)


def usable_families(service: Service) -> tuple[str, ...]:
    """The families whose ready entries count as usable (semantics.md §5.0)."""
    return IP_FAMILIES if service.headless else served_families(service)
