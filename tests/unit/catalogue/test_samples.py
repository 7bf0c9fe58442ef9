from __future__ import annotations

import pytest

from exporter.model import Source
from tests.unit.apiserver import (
    ALL_GROUPS,
    NOW,
    Json,
    endpoint,
    endpoints_of,
    headless,
    lines_of,
    node,
    placeholder,
    pod,
    service,
    slice_of,
    state_of,
    text_of,
)


def info(found: Json) -> str:
    """The labels of k8s_service_info after namespace and service."""
    [line] = lines_of(state_of(found), "k8s_service_info")
    assert line.startswith('{namespace="d",service="s",')
    assert line.endswith("} 1")
    return line.removeprefix('{namespace="d",service="s",').removesuffix("} 1")


BASE = 'type="ClusterIP",headless="false",selector="true",publish_not_ready_addresses="false",'


@pytest.mark.parametrize(
    "found,labels",
    [
        (service(), BASE + 'internal_traffic_policy="Cluster",ip_families="IPv4"'),
        (
            service(
                type="NodePort",
                externalTrafficPolicy="Local",
                trafficDistribution="PreferSameZone",
                ipFamilies=["IPv6", "IPv4"],
            ),
            (
                'type="NodePort",headless="false",selector="true",'
                'publish_not_ready_addresses="false",internal_traffic_policy="Cluster",'
                'external_traffic_policy="Local",traffic_distribution="PreferSameZone",'
                'ip_families="IPv6,IPv4"'
            ),
        ),
        (
            headless(selector=None, publishNotReadyAddresses=True),
            (
                'type="ClusterIP",headless="true",selector="false",'
                'publish_not_ready_addresses="true",internal_traffic_policy="Cluster",'
                'ip_families="IPv4"'
            ),
        ),
        # what a ClusterIP Service says of external traffic applies to nothing …
        (
            service(externalTrafficPolicy="Cluster"),
            BASE + 'internal_traffic_policy="Cluster",ip_families="IPv4"',
        ),
        # … unless it has external addresses
        (
            service(externalTrafficPolicy="Cluster", externalIPs=["192.0.2.1"]),
            BASE + 'internal_traffic_policy="Cluster",external_traffic_policy="Cluster",'
            'ip_families="IPv4"',
        ),
        # nothing that concerns traffic applies to an ExternalName
        (
            service(type="ExternalName", externalTrafficPolicy="Cluster", clusterIP=None),
            (
                'type="ExternalName",headless="false",selector="true",'
                'publish_not_ready_addresses="false"'
            ),
        ),
        (service(internalTrafficPolicy=None, ipFamilies=None), BASE.removesuffix(",")),
    ],
)
def test_info(found: Json, labels: str) -> None:
    """Yes and no are true and false; what does not apply is empty, and empty is left out."""
    assert info(found) == labels


def test_an_external_name_has_its_info_and_how_it_stands_and_nothing_else() -> None:
    """No address, port, routable, reason, since or threshold, with every group on."""
    state = state_of(
        service(type="ExternalName"),
        slice_of(endpoint(".1")),
        read=("pods", "nodes"),
        groups=ALL_GROUPS,
    )
    mine = [line for line in text_of(state).splitlines() if 'service="s"' in line]
    assert [line.split("{")[0] for line in mine] == [
        "k8s_service_info",
        "k8s_service_endpoints_standing",
        "k8s_service_endpoints_finding",
    ]


def test_a_service_that_is_down_has_one_reason() -> None:
    """Value 1, and with it the moment since when, where that can be told."""
    trigger = {
        "annotations": {
            "endpoints.kubernetes.io/last-change-trigger-time": "2023-11-14T22:00:00.25Z"
        }
    }
    state = state_of(service(), placeholder(metadata=trigger))
    assert lines_of(state, "k8s_service_endpoints_reason") == [
        '{namespace="d",service="s",reason="NoEndpoints"} 1'
    ]
    assert lines_of(state, "k8s_service_endpoints_unavailable_since_timestamp_seconds") == [
        '{namespace="d",service="s"} 1699999200.25'
    ]


def test_ignoring_takes_the_reason_away_alone() -> None:
    """Info and numbers stay."""
    wish = {"annotations": {"endpoints-exporter.io/ignore": "true"}}
    state = state_of(service(metadata=wish), placeholder())
    assert lines_of(state, "k8s_service_endpoints_reason") == []
    assert len(lines_of(state, "k8s_service_info")) == 1
    assert len(lines_of(state, "k8s_service_endpoints_ready")) == 1


@pytest.mark.parametrize(
    "ingress,expected",
    [
        (None, "0"),
        ([], "0"),
        ([{"hostname": "lb.example.com"}], "1"),
        ([{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}], "2"),
    ],
)
def test_load_balancers_tell_their_ingress_points(ingress: object, expected: str) -> None:
    """0 is pending; other types say nothing."""
    found = service(type="LoadBalancer")
    found["status"]["loadBalancer"]["ingress"] = ingress
    assert lines_of(state_of(found), "k8s_service_load_balancer_ingress") == [
        f'{{namespace="d",service="s"}} {expected}'
    ]
    plain = {**found, "spec": service()["spec"]}
    assert lines_of(state_of(plain), "k8s_service_load_balancer_ingress") == []


def test_what_a_loss_would_leave() -> None:
    """1 and 0 by what is lost; of a Service without a ready endpoint neither."""
    spread = state_of(
        service(),
        slice_of(endpoint(".1", zone="a", nodeName="n1"), endpoint(".2", zone="a", nodeName="n2")),
        groups=("topology",),
    )
    assert lines_of(spread, "k8s_service_endpoints_survives") == [
        '{namespace="d",service="s",loss="node"} 1',
        '{namespace="d",service="s",loss="zone"} 0',
    ]
    lost = state_of(
        service(), slice_of(endpoint(".1", "FFF", zone="a", nodeName="n1")), groups=("topology",)
    )
    assert lines_of(lost, "k8s_service_endpoints_survives") == []


def test_topology() -> None:
    """Unknown zones and Nodes don't count; the unknown zone is a series without the label."""
    state = state_of(
        service(internalTrafficPolicy="Local"),
        slice_of(
            endpoint(".1", zone="a", nodeName="n1", hints={"forZones": [{"name": "a"}]}),
            endpoint(".2"),
        ),
        node("n1"),
        node("n2"),
        groups=("topology",),
    )
    assert [line for line in text_of(state).splitlines() if line[0] != "#"] == [
        'k8s_service_endpoints_ready_nodes{namespace="d",service="s"} 1',
        'k8s_service_endpoints_ready_zones{namespace="d",service="s"} 1',
        'k8s_service_endpoints_zone_ready{namespace="d",service="s"} 1',
        'k8s_service_endpoints_zone_ready{namespace="d",service="s",zone="a"} 1',
        'k8s_service_endpoints_hinted{namespace="d",service="s"} 1',
        'k8s_service_endpoints_nodes_without_local{namespace="d",service="s"} 1',
    ]


def test_pods() -> None:
    """Selected Pods are an explicit 0; unready ones are told by reason; unread is absent."""
    assert lines_of(state_of(service(), read=("pods",)), "k8s_service_pods_selected") == [
        '{namespace="d",service="s"} 0'
    ]
    state = state_of(service(), slice_of(endpoint(".1")), pod("p", "10.0.0.1"), pod("q"))
    assert lines_of(state, "k8s_service_pods_selected") == ['{namespace="d",service="s"} 2']
    assert lines_of(state, "k8s_service_pods_unready") == [
        '{namespace="d",service="s",reason="Unscheduled"} 1'
    ]
    assert lines_of(state_of(service()), "k8s_service_pods_selected") == []


def test_changes_begin_at_zero() -> None:
    """Counters exist from the first look, so that the first change is an increase."""
    state = state_of(service(), slice_of(endpoint(".1")), groups=("changes",), now=NOW)
    assert [line for line in text_of(state).splitlines() if line[0] != "#"] == [
        'k8s_service_endpoints_changes_total{namespace="d",service="s",change="added"} 0',
        'k8s_service_endpoints_changes_total{namespace="d",service="s",change="removed"} 0',
        'k8s_service_endpoints_changes_total{namespace="d",service="s",change="became_ready"} 0',
        (
            'k8s_service_endpoints_changes_total{namespace="d",service="s",change="became_not_ready"}'
            " 0"
        ),
        'k8s_service_endpoints_unavailable_seconds_total{namespace="d",service="s"} 0',
    ]


def test_dependents_by_kind() -> None:
    """Each kind that points at the Service; none is no series."""
    ingress = {
        "kind": "Ingress",
        "metadata": {"name": "i", "namespace": "d", "resourceVersion": "1"},
        "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}},
    }
    state = state_of(service(), ingress, groups=("dependents",))
    assert lines_of(state, "k8s_service_dependents") == [
        '{namespace="d",service="s",kind="Ingress"} 1'
    ]
    assert text_of(state_of(service(), read=("ingresses",), groups=("dependents",))) == ""


def test_single_addresses() -> None:
    """One series an address, 0 or 1, with where it is."""
    state = state_of(
        service(),
        slice_of(endpoint(".1", nodeName="n1", zone="a"), endpoint(".2", "FFF")),
        groups=("addresses",),
    )
    assert lines_of(state, "k8s_service_endpoints_address_ready") == [
        (
            '{namespace="d",service="s",address_type="IPv4",address="10.0.0.1",node="n1",zone="a",'
            'pod="pod-10.0.0.1"} 1'
        ),
        '{namespace="d",service="s",address_type="IPv4",address="10.0.0.2",pod="pod-10.0.0.2"} 0',
    ]


def test_the_old_names() -> None:
    """Pairs of address and port, under the label `endpoint`."""
    state = state_of(
        service(), slice_of(endpoint(".1"), endpoint(".2", "FFF")), groups=("compatibility",)
    )
    assert lines_of(state, "kube_endpoint_address_available") == ['{namespace="d",endpoint="s"} 1']
    assert lines_of(state, "kube_endpoint_address_not_ready") == ['{namespace="d",endpoint="s"} 1']


def test_legacy_endpoints_leave_out_what_they_do_not_know() -> None:
    """No serving, terminating, zones or slices; truncated is 0 or 1."""
    found = endpoints_of(
        {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 1}]}
    )
    state = state_of(
        service(), found, source=Source.ENDPOINTS, groups=("core", "ports", "slices", "topology")
    )
    names = {line.split("{")[0] for line in text_of(state).splitlines() if line[0] != "#"}
    assert names == {
        "k8s_service_info",
        "k8s_service_endpoints_ready",
        "k8s_service_endpoints_not_ready",
        "k8s_service_endpoints_routable",
        "k8s_service_endpoints_min_ready",
        "k8s_service_endpoints_standing",
        "k8s_service_endpoints_finding",
        "k8s_service_endpoints_port_ready",
        "k8s_service_endpoints_truncated",
        "k8s_service_endpoints_ready_nodes",
    }


# ── labels and annotations ───────────────────────────────────────────────────────────────────


def labelled(labels: Json, allowed: tuple[str, ...]) -> str:
    """The labels of k8s_service_labels after namespace and service."""
    state = state_of(service(metadata={"labels": labels}), groups=("labels",), labels=allowed)
    [line] = lines_of(state, "k8s_service_labels")
    return line.removeprefix('{namespace="d",service="s"').removesuffix("} 1").removeprefix(",")


@pytest.mark.parametrize(
    "labels,allowed,expected",
    [
        ({"team": "a", "tier": "web"}, ("team",), 'label_team="a"'),
        ({"team": "a", "tier": "web"}, ("*",), 'label_team="a",label_tier="web"'),
        ({"team": "a", "tier": "web"}, ("t*r", "team"), 'label_team="a",label_tier="web"'),
        ({"team": "a"}, ("tea",), ""),
        ({"team": ""}, ("*",), ""),
        (
            {"app.kubernetes.io/name": "x"},
            ("app.kubernetes.io/*",),
            'label_app_kubernetes_io_name="x"',
        ),
        ({"grüße": "x"}, ("*",), 'label_gr__e="x"'),
        (
            {"a-b": "1", "a.b": "2", "a_b": "3"},
            ("*",),
            'label_a_b="1",label_a_b_conflict1="2",label_a_b_conflict2="3"',
        ),
        (
            {"a-b": "1", "a.b": "2", "a_b_conflict1": "3"},
            ("*",),
            'label_a_b="1",label_a_b_conflict1="2",label_a_b_conflict1_conflict1="3"',
        ),
        ({"quote": 'a"b\\c\nd'}, ("*",), 'label_quote="a\\"b\\\\c\\nd"'),
    ],
)
def test_labels_by_allow_list(labels: Json, allowed: tuple[str, ...], expected: str) -> None:
    """Names are made legal and stay apart; no label is ever in one series twice."""
    assert labelled(labels, allowed) == expected


def test_annotations_by_allow_list() -> None:
    """They have a family of their own."""
    state = state_of(
        service(metadata={"annotations": {"example.com/owner": "a", "note": "b"}}),
        groups=("labels",),
        annotations=("example.com/*",),
    )
    assert text_of(state).splitlines()[2:] == [
        'k8s_service_annotations{namespace="d",service="s",annotation_example_com_owner="a"} 1'
    ]
