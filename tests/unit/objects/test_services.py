from __future__ import annotations

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.resources import SERVICES
from exporter.objects.services import Service, ServicePort
from tests.unit.apiserver import HTTP, Json, decode, headless, service


def read(found: Json) -> Service:
    """The object, which is no Rejected."""
    decoded = decode(found)
    assert isinstance(decoded, Service), decoded
    return decoded


def test_everything_that_matters_is_kept() -> None:
    """All fields that decide about traffic come through, times as seconds."""
    assert read(
        {
            "metadata": {
                "name": "s",
                "namespace": "d",
                "uid": "u",
                "resourceVersion": "7",
                "creationTimestamp": "2023-11-14T22:13:20Z",
                "labels": {"team": "a"},
                "annotations": {"endpoints-exporter.io/min-ready": "2"},
            },
            "spec": {
                "type": "LoadBalancer",
                "clusterIP": "10.96.0.10",
                "clusterIPs": ["10.96.0.10", "fd00::10"],
                "ipFamilies": ["IPv4", "IPv6"],
                "selector": {"app": "s"},
                "ports": [
                    {
                        "name": "http",
                        "protocol": "UDP",
                        "port": 80,
                        "targetPort": "web",
                        "nodePort": 30080,
                        "appProtocol": "h2c",
                    }
                ],
                "publishNotReadyAddresses": True,
                "internalTrafficPolicy": "Local",
                "externalTrafficPolicy": "Cluster",
                "trafficDistribution": "PreferSameZone",
                "externalIPs": ["192.0.2.1"],
                "healthCheckNodePort": 31000,
            },
            "status": {
                "loadBalancer": {"ingress": [{"ip": "192.0.2.9"}, {"hostname": "lb.example.com"}]}
            },
            "kind": "Service",
        }
    ) == Service(
        namespace="d",
        name="s",
        uid="u",
        resource_version="7",
        created=1700000000.0,
        deleting=False,
        labels={"team": "a"},
        annotations={"endpoints-exporter.io/min-ready": "2"},
        type="LoadBalancer",
        cluster_ips=("10.96.0.10", "fd00::10"),
        ip_families=("IPv4", "IPv6"),
        selector={"app": "s"},
        ports=(ServicePort("http", "UDP", 80, "web", 30080, "h2c"),),
        publish_not_ready=True,
        internal_policy="Local",
        external_policy="Cluster",
        traffic_distribution="PreferSameZone",
        external_name="",
        external_ips=("192.0.2.1",),
        health_check_node_port=31000,
        ingress=("192.0.2.9", "lb.example.com"),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"metadata": {"name": "s"}}',
        b'{"metadata": {"name": "s"}, "spec": null, "status": null}',
        b'{"metadata": {"name": "s"}, "spec": {}, "status": {"loadBalancer": null}}',
        (
            b'{"metadata": {"name": "s", "namespace": null, "uid": null, "labels": null,'
            b' "annotations": null, "resourceVersion": null, "creationTimestamp": null,'
            b' "deletionTimestamp": null, "ownerReferences": null, "managedFields": null},'
            b' "spec": {"type": null, "clusterIP": null, "clusterIPs": null, "ipFamilies": null,'
            b' "selector": null, "ports": null, "publishNotReadyAddresses": null,'
            b' "externalIPs": null, "externalName": null, "healthCheckNodePort": null,'
            b' "internalTrafficPolicy": null}, "status": {"loadBalancer": {"ingress": null}}}'
        ),
    ],
)
def test_null_and_absent_are_the_same(raw: bytes) -> None:
    """A Service that says nothing is a ClusterIP Service with nothing in it."""
    assert decode_object(SERVICES, raw) == Service(
        namespace="",
        name="s",
        uid="",
        resource_version="",
        created=None,
        deleting=False,
        labels={},
        annotations={},
        type="ClusterIP",
        cluster_ips=(),
        ip_families=(),
        selector={},
        ports=(),
        publish_not_ready=False,
        internal_policy="",
        external_policy="",
        traffic_distribution="",
        external_name="",
        external_ips=(),
        health_check_node_port=0,
        ingress=(),
    )


@pytest.mark.parametrize(
    "port,expected",
    [
        ({"port": 80}, ServicePort("", "TCP", 80, 80, 0, "")),
        ({"port": 80, "targetPort": 0}, ServicePort("", "TCP", 80, 80, 0, "")),
        ({"port": 80, "targetPort": ""}, ServicePort("", "TCP", 80, 80, 0, "")),
        ({"port": 80, "targetPort": None}, ServicePort("", "TCP", 80, 80, 0, "")),
        ({"port": 80, "targetPort": 8080}, ServicePort("", "TCP", 80, 8080, 0, "")),
        ({"port": 80, "targetPort": "web"}, ServicePort("", "TCP", 80, "web", 0, "")),
        ({"port": 53, "protocol": "UDP"}, ServicePort("", "UDP", 53, 53, 0, "")),
        ({"port": 53, "name": None, "protocol": None}, ServicePort("", "TCP", 53, 53, 0, "")),
        ({"port": None}, ServicePort("", "TCP", 0, 0, 0, "")),
    ],
)
def test_ports_have_their_defaults(port: Json, expected: ServicePort) -> None:
    """Protocol is TCP, the name empty, and the target the Service port's own number."""
    assert read(service(ports=[port])).ports == (expected,)


def test_headless_is_a_cluster_ip_of_none() -> None:
    """`None` makes a Service headless; an absent cluster IP does not."""
    assert read(headless()).headless
    assert not read(service()).headless
    assert not read(service(clusterIP=None, clusterIPs=None)).headless
    assert read(service(clusterIPs=None, clusterIP="None")).headless


def test_an_old_object_without_cluster_ips_has_its_cluster_ip() -> None:
    """Before dual-stack there was only `clusterIP`."""
    assert read(service(clusterIPs=None)).cluster_ip == "10.96.0.10"
    assert read(service(clusterIP=None, clusterIPs=None)).cluster_ip == ""


def test_a_family_counts_once() -> None:
    """The same family twice would be the same series twice."""
    found = read(service(ipFamilies=["IPv6", "IPv4", "IPv6"]))
    assert found.ip_families == ("IPv6", "IPv4")


def test_a_deletion_timestamp_makes_it_deleting() -> None:
    """A finalizer can keep a deleted Service for long."""
    found = read(service(metadata={"deletionTimestamp": "2023-11-14T22:13:20Z"}))
    assert found.deleting


def test_unknown_fields_are_ignored() -> None:
    """What later versions of Kubernetes add does no harm."""
    plain = service()
    odd = service(fieldOfTomorrow={"a": [1, None]}, ports=[{**HTTP, "new": True}])
    odd["extra"] = 1
    odd["metadata"]["selfLink"] = "/api/v1/…"
    assert read(odd) == read(plain)
    assert msgspec.json.encode(odd) != msgspec.json.encode(plain)
