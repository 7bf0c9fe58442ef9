from __future__ import annotations

import pytest

from exporter.model import (
    INTENDED,
    REASON_RANK,
    AddressCounts,
    Reason,
    ResourceStatus,
    ServiceKey,
    ServiceReport,
    Snapshot,
)
from exporter.objects.services import Service
from tests.unit.apiserver import decode, service


def status(**fields: object) -> ResourceStatus:
    """The status of an optional resource that is synced."""
    known: dict[str, object] = {
        "resource": "pods",
        "required": False,
        "mode": "watch",
        "synced": True,
        "forbidden": False,
        "objects": 0,
        "last_sync": None,
        "last_event": None,
    }
    return ResourceStatus(**{**known, **fields})  # type: ignore[arg-type]


def test_keys_order_by_namespace_then_name() -> None:
    """The order of the output is that of the keys."""
    keys = [ServiceKey("b", "a"), ServiceKey("a", "z"), ServiceKey("a", "b")]
    assert [str(key) for key in sorted(keys)] == ["a/b", "a/z", "b/a"]


def test_reasons_stand_in_the_order_of_their_rules() -> None:
    """The names are public and their order decides: both are written out here once more."""
    assert [reason.value for reason in sorted(Reason, key=REASON_RANK.__getitem__)] == [
        "ExternalName",
        "ServiceDeleting",
        "SelectorlessNoEndpoints",
        "SelectorlessUnusable",
        "SelectorlessNotReady",
        "EndpointSlicesMissing",
        "NamedPortMissing",
        "EndpointsNotReady",
        "AllTerminating",
        "NoEndpoints",
        "ScaledToZero",
        "PodsNotCreated",
        "SelectorMatchesNoPods",
        "AllPodsTerminating",
        "AllPodsFinished",
        "EndpointsLagging",
        "NodeMissing",
        "FamilyMismatch",
        "ReadinessGateNotReady",
        "NodeNotReady",
        "ReadinessProbeFailing",
        "CrashLoopBackOff",
        "InitNotComplete",
        "ImagePull",
        "ContainerConfigError",
        "ContainerCreating",
        "Unschedulable",
        "SchedulingGated",
        "Unscheduled",
        "PodsNotReady",
    ]


def test_intended_zeros() -> None:
    """Scaled to zero, being deleted, never backed and external are no outages."""
    assert {
        "ExternalName",
        "SelectorlessNoEndpoints",
        "ScaledToZero",
        "ServiceDeleting",
    } == INTENDED


def test_a_report_sums_over_address_types() -> None:
    """Ready and not ready of a dual-stack Service are the sums of its families."""
    found = decode(service())
    assert isinstance(found, Service)
    report = ServiceReport(
        key=ServiceKey("d", "s"),
        service=found,
        known=True,
        min_ready=1,
        ignored=False,
        counts=(AddressCounts("IPv4", 2, 1, 2, 0), AddressCounts("IPv6", 3, 4, None, None)),
    )
    assert (report.ready, report.not_ready) == (5, 5)


@pytest.mark.parametrize(
    "statuses,ready",
    [
        ((status(), status(required=True)), True),
        ((status(synced=False),), False),
        ((status(synced=False, forbidden=True),), True),
        ((status(synced=False, forbidden=True, required=True),), False),
        ((status(synced=True, forbidden=False, error="connection refused"),), True),
    ],
)
def test_ready_means_everything_readable_was_read_once(
    statuses: tuple[ResourceStatus, ...], ready: bool
) -> None:
    """A forbidden optional resource is not waited for; a forbidden required one is."""
    assert Snapshot({}, statuses, 0.0).ready is ready


def test_what_is_not_shown_yet_is_not_ready() -> None:
    """Everything may be read already: before the first reports are out a scrape sees nothing."""
    assert Snapshot({}, (), 0.0, shown=False).ready is False
    assert Snapshot({}, (), 0.0).ready is True
