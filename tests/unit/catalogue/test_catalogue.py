from __future__ import annotations

import re

import pytest

from exporter.catalogue import (
    DEFAULT_GROUPS,
    FAMILIES,
    Family,
    Group,
    Kind,
    Stability,
    select_families,
)

SERVICE = ("namespace", "service")
ROUTE = ("kind", "namespace", "name")

#: Names, groups and labels are a contract: whoever changes one changes dashboards and alerts.
CONTRACT = {
    "k8s_service_info": (
        "core",
        "info",
        (
            *SERVICE,
            "type",
            "headless",
            "selector",
            "publish_not_ready_addresses",
            "internal_traffic_policy",
            "external_traffic_policy",
            "traffic_distribution",
            "ip_families",
        ),
    ),
    "k8s_service_endpoints_ready": ("core", "gauge", (*SERVICE, "address_type")),
    "k8s_service_endpoints_not_ready": ("core", "gauge", (*SERVICE, "address_type")),
    "k8s_service_endpoints_serving": ("core", "gauge", (*SERVICE, "address_type")),
    "k8s_service_endpoints_terminating": ("core", "gauge", (*SERVICE, "address_type")),
    "k8s_service_endpoints_routable": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_reason": ("core", "gauge", (*SERVICE, "reason")),
    "k8s_service_endpoints_unavailable_since_timestamp_seconds": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_min_ready": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_ignored": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_standing": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_finding": ("core", "gauge", (*SERVICE, "finding")),
    "k8s_service_load_balancer_ingress": ("core", "gauge", SERVICE),
    "k8s_service_endpoints_port_ready": (
        "ports",
        "gauge",
        (*SERVICE, "port_name", "protocol", "port"),
    ),
    "k8s_service_endpoints_ready_nodes": ("topology", "gauge", SERVICE),
    "k8s_service_endpoints_ready_zones": ("topology", "gauge", SERVICE),
    "k8s_service_endpoints_zone_ready": ("topology", "gauge", (*SERVICE, "zone")),
    "k8s_service_endpoints_hinted": ("topology", "gauge", SERVICE),
    "k8s_service_endpoints_nodes_without_local": ("topology", "gauge", SERVICE),
    "k8s_service_endpoints_survives": ("topology", "gauge", (*SERVICE, "loss")),
    "k8s_service_endpoints_slices": ("slices", "gauge", SERVICE),
    "k8s_service_endpoints_slices_foreign": ("slices", "gauge", SERVICE),
    "k8s_service_endpoints_truncated": ("slices", "gauge", SERVICE),
    "k8s_endpointslices_orphaned": ("slices", "gauge", ("namespace",)),
    "k8s_endpointslices_unlabelled": ("slices", "gauge", ("namespace",)),
    "k8s_endpointslices_frozen": ("slices", "gauge", ("namespace",)),
    "k8s_service_endpoints_changes_total": ("changes", "counter", (*SERVICE, "change")),
    "k8s_service_endpoints_unavailable_seconds_total": ("changes", "counter", SERVICE),
    "k8s_service_endpoints_last_change_timestamp_seconds": ("changes", "gauge", SERVICE),
    "k8s_service_pods_unready": ("pods", "gauge", (*SERVICE, "reason")),
    "k8s_service_pods_selected": ("pods", "gauge", SERVICE),
    "k8s_service_endpoints_lagging": ("pods", "gauge", (*SERVICE, "kind")),
    "k8s_service_dependents": ("dependents", "gauge", (*SERVICE, "kind")),
    "k8s_route_backend_broken": ("routes", "gauge", (*ROUTE, "service", "port", "problem")),
    "k8s_route_broken_share": ("routes", "gauge", ROUTE),
    "k8s_route_webhooks_broken": ("routes", "gauge", (*ROUTE, "failure_policy")),
    "k8s_routes": ("routes", "gauge", ("kind",)),
    "k8s_route_backends": ("routes", "gauge", ("kind",)),
    "k8s_service_labels": ("labels", "gauge", SERVICE),
    "k8s_service_annotations": ("labels", "gauge", SERVICE),
    "k8s_service_endpoints_address_ready": (
        "addresses",
        "gauge",
        (*SERVICE, "address_type", "address", "node", "zone", "pod"),
    ),
    "kube_endpoint_address_available": ("compatibility", "gauge", ("namespace", "endpoint")),
    "kube_endpoint_address_not_ready": ("compatibility", "gauge", ("namespace", "endpoint")),
}


def test_the_names_are_those_of_the_contract() -> None:
    """Every family with its group, kind and labels in order, and no other."""
    assert {f.name: (f.group.value, f.kind.value, f.all_labels) for f in FAMILIES} == CONTRACT


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names_follow_the_conventions(family: Family) -> None:
    """Suffixes that mean something mean that; names and labels are legal in every format."""
    begin = "k8s_service_|k8s_endpointslices_|k8s_route_|k8s_routes$|kube_endpoint_"
    assert re.fullmatch(r"[a-z0-9_]+", family.name)
    assert re.match(begin, family.name)
    assert not family.name.endswith(("_count", "_sum", "_bucket", "_created"))
    assert family.name.endswith("_total") is (family.kind is Kind.COUNTER)
    assert family.name.endswith("_info") is (family.kind is Kind.INFO)
    for label in family.all_labels:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", label)
    assert len(set(family.all_labels)) == len(family.all_labels)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_says_what_it_is(family: Family) -> None:
    """Help is one line that begins like a sentence and ends like one; stability is told."""
    assert re.fullmatch(r"[A-Z0-9][^\n]*\.", family.help)
    assert family.stability in Stability


def test_the_default_groups() -> None:
    """What is on without being asked for."""
    assert {group.value for group in DEFAULT_GROUPS} == {"core", "ports", "slices", "pods"}


def test_families_of_a_group_are_kept_together() -> None:
    """The catalogue's order is that of the exposition and of the documentation."""
    groups = [family.group for family in FAMILIES]
    assert [g for n, g in enumerate(groups) if n == 0 or groups[n - 1] is not g] == list(Group)


def test_groups_select_their_families() -> None:
    """In the catalogue's order, whatever order they are named in."""
    names = [family.name for family in select_families(["pods", "ports"])]
    assert names == [
        "k8s_service_endpoints_port_ready",
        "k8s_service_pods_unready",
        "k8s_service_pods_selected",
        "k8s_service_endpoints_lagging",
    ]
    assert select_families([]) == ()


@pytest.mark.parametrize(
    "labels,annotations,expected",
    [
        ((), (), []),
        (("*",), (), ["k8s_service_labels"]),
        ((), ("*",), ["k8s_service_annotations"]),
        (("a",), ("b",), ["k8s_service_labels", "k8s_service_annotations"]),
    ],
)
def test_allow_lists_have_a_family_when_they_allow_something(
    labels: tuple[str, ...], annotations: tuple[str, ...], expected: list[str]
) -> None:
    """An empty allow-list would be a series a Service that says nothing."""
    found = select_families(["labels"], labels=labels, annotations=annotations)
    assert [family.name for family in found] == expected
    assert select_families(["core"], labels=labels) == select_families(["core"])
