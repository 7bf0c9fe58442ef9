from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import (
    NO_SERVICES,
    NO_SLICES,
    Json,
    down,
    endpoint,
    endpoint_slice,
    external,
    healthy,
    service,
    write,
)


def table(text: str) -> list[list[str]]:
    """The cells of a table: columns stand at least three spaces apart."""
    return [
        [cell.strip() for cell in line.split("   ") if cell.strip()] for line in text.splitlines()
    ]


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Two namespaces with a healthy, a broken and an external Service."""
    return write(tmp_path, healthy("web", ready=3), down("api"), external("db", "data"))


def test_the_table_has_a_row_for_each_service(run: Run, shop: str) -> None:
    """All namespaces of a file, by name: ready of all, ports, reason, since."""
    assert run("get", "--from-file", shop) == (
        0,
        (
            "NAMESPACE   NAME   TYPE           STANDING   READY    PORTS    REASON              "
            "SINCE\n"
            "data        db     ExternalName   intended   <none>   80/TCP   ExternalName        -\n"
            "shop        api    ClusterIP      down       0/1      80/TCP   EndpointsNotReady   "
            "<unknown>\n"
            "shop        web    ClusterIP      ready      3/3      80/TCP   -                   -\n"
        ),
        "",
    )


def test_one_namespace_needs_no_column_for_it(run: Run, shop: str) -> None:
    """With -n the namespace is known, as with kubectl."""
    status, out, _ = run("get", "-n", "shop", "--from-file", shop, "--no-headers")
    assert status == 0
    assert [row[:2] for row in table(out)] == [["api", "ClusterIP"], ["web", "ClusterIP"]]


def test_worst_first(run: Run, tmp_path: Path) -> None:
    """`--sort worst` shows what needs attention before what is healthy."""
    path = write(tmp_path, healthy("a"), down("b"))
    _, out, _ = run("get", "--from-file", path, "--sort", "worst")
    assert [row[1] for row in table(out)[1:]] == ["b", "a"]


def test_since_is_an_age_as_kubectl_writes_it(run: Run, tmp_path: Path) -> None:
    """When the slice tells when it changed, SINCE is how long ago that was."""
    changed = endpoint_slice(endpoint("10.0.0.9", ready=False))
    changed["metadata"]["annotations"] = {
        "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-23T07:54:30Z"
    }
    _, out, _ = run("get", "--from-file", write(tmp_path, service("web"), changed))
    assert table(out)[1][-1] == "5m30s"


def test_wide_shows_where_and_what(run: Run, tmp_path: Path) -> None:
    """Counts, nodes, zones, slices, endpoints as kubectl shortens them, selector and age."""
    endpoints = [
        endpoint("10.0.0.10", nodeName="n1", zone="b"),
        endpoint("10.0.0.9", nodeName="n2", zone="a"),
        endpoint("10.0.0.11", nodeName="n2", zone="a"),
        endpoint("10.0.0.12", nodeName="n2"),
        endpoint("10.0.0.13", ready=False, conditions={"serving": True, "terminating": True}),
    ]
    path = write(tmp_path, service("web"), endpoint_slice(*endpoints))
    _, out, _ = run("get", "--from-file", path, "-o", "wide")
    head, row = table(out)
    assert dict(zip(head, row, strict=True)) == {
        "NAMESPACE": "shop",
        "NAME": "web",
        "TYPE": "ClusterIP",
        "STANDING": "ready",
        "READY": "4/5",
        "PORTS": "80>8080/TCP",
        "REASON": "-",
        "SINCE": "-",
        "NOT-READY": "1",
        "TERMINATING": "1",
        "NODES": "2",
        "ZONES": "a=2,b=1,?=1",
        "SLICES": "1",
        "ENDPOINTS": "10.0.0.9:8080,10.0.0.10:8080,10.0.0.11:8080 + 1 more...",
        "CLUSTER-IP": "10.96.0.10",
        "EXTERNAL-IP": "<none>",
        "POLICY": "-",
        "WORKLOAD": "-",
        "SELECTOR": "app=web",
        "AGE": "3d",
    }


@pytest.mark.parametrize(
    "objects,cell",
    [
        ([service("web"), NO_SLICES], "<none>"),
        ([service("web")], "<unknown>"),
        (down("web"), "<none ready>"),
        ([external("web")], "<none>"),
        ([service("web"), endpoint_slice(endpoint("10.0.0.1"), ports=None)], "<none usable>"),
        ([service("web", clusterIP="None", clusterIPs=["None"], ports=None),
          endpoint_slice(endpoint("10.0.0.1"), ports=None)], "10.0.0.1"),
        ([service("web", ipFamilies=["IPv6"]),
          endpoint_slice(endpoint("fd00::1"), addressType="IPv6")], "[fd00::1]:8080"),
        ([service("web"), endpoint_slice(endpoint("10.0.0.1")),
          endpoint_slice(endpoint("10.0.0.1"), name="web-2")], "10.0.0.1:8080"),
    ],
)  # fmt: skip
def test_endpoints_are_those_that_traffic_reaches(
    run: Run, tmp_path: Path, objects: list[Json], cell: str
) -> None:
    """Ready `ip:port`, each once, or in brackets why there is none; never an empty cell."""
    _, out, _ = run("get", "--from-file", write(tmp_path, objects), "-o", "wide")
    head, row = table(out)
    assert dict(zip(head, row, strict=True))["ENDPOINTS"] == cell


def test_ports_are_written_as_kubectl_writes_them(run: Run, tmp_path: Path) -> None:
    """Number and protocol, the node port after a colon; `<none>` without ports."""
    several = service(
        "web",
        type="NodePort",
        ports=[
            {"name": "http", "protocol": "TCP", "port": 80, "nodePort": 30080},
            {"name": "dns", "protocol": "UDP", "port": 53},
        ],
    )
    none = service("zero", clusterIP="None", clusterIPs=["None"], ports=None)
    _, out, _ = run("get", "--from-file", write(tmp_path, several, none, NO_SLICES))
    assert [row[5] for row in table(out)[1:]] == ["80:30080/TCP,53/UDP", "<none>"]


def test_notes_stand_beside_the_reason(run: Run, tmp_path: Path) -> None:
    """What is remarkable about a Service is told in words."""
    two = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}
    path = write(tmp_path, healthy("web", type="LoadBalancer", meta=two))
    _, out, _ = run("get", "--from-file", path)
    assert table(out)[1][6] == "(below min-ready 2; load balancer pending)"


def test_hostile_names_are_shown_as_escapes(run: Run, tmp_path: Path) -> None:
    """Whatever a dump holds, a Service is one line and no escape sequence gets through."""
    nasty = service("a\x1b[31m\nb", "x\u202e", selector={"k": "v\r"})
    _, out, _ = run("get", "--from-file", write(tmp_path, nasty, NO_SLICES), "-o", "wide")
    assert len(out.splitlines()) == 2
    assert "a\\x1b[31m\\x0ab" in out
    assert "x\\u202e" in out
    assert all(char.isprintable() or char == "\n" for char in out)


def test_colours_on_demand(run: Run, shop: str) -> None:
    """Green for ready, red for none; never in a pipe unless asked for."""
    _, out, _ = run("get", "--from-file", shop, "--color", "always")
    assert "\x1b[32m3/3\x1b[0m" in out
    assert "\x1b[31m0/1\x1b[0m" in out
    _, plain, _ = run("get", "--from-file", shop)
    assert "\x1b" not in plain


def test_json_has_a_stable_shape(run: Run, shop: str) -> None:
    """A list under `items`, for one Service too; null where nothing can be known."""
    status, out, err = run("get", "api", "--from-file", shop, "-o", "json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "items": [
            {
                "namespace": "shop",
                "service": "api",
                "type": "ClusterIP",
                "standing": "down",
                "ready": 0,
                "not_ready": 1,
                "routable": 0,
                "min_ready": 1,
                "ignored": False,
                "reason": "EndpointsNotReady",
                "detail": None,
                "since": None,
                "notes": [],
                "addresses": [
                    {
                        "address_type": "IPv4",
                        "ready": 0,
                        "not_ready": 1,
                        "serving": 0,
                        "terminating": 0,
                    }
                ],
                "ports": [
                    {
                        "name": "http",
                        "protocol": "TCP",
                        "port": 80,
                        "ready": 0,
                        "target_port": "8080",
                        "node_port": None,
                        "app_protocol": "",
                    }
                ],
                "nodes": 0,
                "zones": {},
                "slices": 1,
                "selector": {"app": "api"},
                "created": "2026-11-20T08:00:00Z",
                "since_seen": False,
                "findings": [],
                "cluster_ips": ["10.96.0.10"],
                "external_ips": [],
                "load_balancer": [],
                "external_name": "",
                "internal_traffic_policy": "Cluster",
                "external_traffic_policy": "",
                "workloads": None,
            }
        ]
    }


def test_yaml_says_the_same_as_json(run: Run, shop: str) -> None:
    """Both are one document."""
    _, as_json, _ = run("get", "--from-file", shop, "-o", "json")
    _, as_yaml, _ = run("get", "--from-file", shop, "-o", "yaml")
    assert yaml.safe_load(as_yaml) == json.loads(as_json)


@pytest.mark.parametrize(
    "words,told",
    [
        (("webb",), "no Service webb; did you mean shop/web?"),
        (("webb", "-n", "shop"), "no Service webb in namespace shop; did you mean shop/web?"),
        (("db", "-n", "shop"), "no Service db in namespace shop; did you mean data/db?"),
        (("zzz",), "no Service zzz"),
    ],
)
def test_an_unknown_service_is_one_line_and_status_1(
    run: Run, shop: str, words: tuple[str, ...], told: str
) -> None:
    """The name that was likely meant is told with it."""
    assert run("get", *words, "--from-file", shop) == (1, "", f"kube-endpoints-exporter: {told}\n")


@pytest.mark.parametrize(
    "words", [("svc/web",), ("service/web", "-n", "shop"), ("svc/shop/web",), ("shop/web", "-A")]
)
def test_a_service_is_named_as_kubectl_users_type_it(
    run: Run, shop: str, words: tuple[str, ...]
) -> None:
    """The kind in front says nothing new, and a namespace in the name is one."""
    status, out, _ = run("get", *words, "--from-file", shop, "-o", "json")
    assert (status, [one["service"] for one in json.loads(out)["items"]]) == (0, ["web"])


def test_a_service_can_be_named_with_its_namespace(run: Run, shop: str) -> None:
    """NAMESPACE/NAME works as it does with explain."""
    status, out, _ = run("get", "shop/web", "--from-file", shop, "--no-headers")
    assert (status, table(out)[0][0]) == (0, "web")


def test_no_services_is_said_on_stderr(run: Run, tmp_path: Path) -> None:
    """As with kubectl: nothing on stdout, a line on stderr, and no error."""
    path = write(tmp_path, NO_SERVICES, NO_SLICES)
    assert run("get", "--from-file", path) == (
        0,
        "",
        "kube-endpoints-exporter: no Services found\n",
    )


def test_a_file_without_services_is_an_error(run: Run, tmp_path: Path) -> None:
    """A dump of other kinds can't tell that there is no Service."""
    status, out, err = run("get", "--from-file", write(tmp_path, NO_SLICES))
    assert (status, out) == (2, "")
    assert "holds no Service and no ServiceList" in err


@pytest.mark.parametrize(
    "words,told",
    [
        (("--watch",), "get: a file does not change; --watch needs a cluster"),
        (("--watch", "-o", "json"), "get: a file does not change; --watch needs a cluster"),
    ],
)
def test_a_file_can_not_be_watched(run: Run, shop: str, words: tuple[str, ...], told: str) -> None:
    """--watch with a file is told at once."""
    assert run("get", *words, "--from-file", shop) == (
        2,
        "",
        f"kube-endpoints-exporter: {told}\n",
    )


def test_undecodable_objects_are_named_and_left_out(run: Run, tmp_path: Path) -> None:
    """The rest is shown, the Service that depends on it as unknown."""
    broken = endpoint_slice(endpoint("10.0.0.1"), of="api", name="api-1")
    broken["endpoints"] = 5
    path = write(tmp_path, healthy("web"), service("api"), broken)
    status, out, err = run("get", "--from-file", path)
    assert status == 0
    assert [row[1:5] for row in table(out)[1:]] == [
        ["api", "ClusterIP", "unknown", "<unknown>"],
        ["web", "ClusterIP", "ready", "1/1"],
    ]
    assert err.startswith("kube-endpoints-exporter: left out: EndpointSlice shop/api-1: ")
    assert err.count("\n") == 1
