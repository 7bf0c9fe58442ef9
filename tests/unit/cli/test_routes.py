from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import CREATED, YOUNG, Json, down, external, healthy, write

GATEWAY = "gateway.networking.k8s.io/v1"


def thing(kind: str, api_version: str, name: str, namespace: str = "shop", **parts: Any) -> Json:
    """An object of any kind; `namespace` "" is none."""
    meta = {"name": name, "resourceVersion": "12", "creationTimestamp": CREATED}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **parts}


def ingress(
    name: str, *paths: tuple[str, str, int], host: str = "www.example.com", namespace: str = "shop"
) -> Json:
    """An Ingress with one host; its paths are (path, Service, port)."""
    made = [
        {
            "path": path,
            "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": port}}},
        }
        for path, service, port in paths
    ]
    rules = [{"host": host, "http": {"paths": made}}]
    return thing("Ingress", "networking.k8s.io/v1", name, namespace, spec={"rules": rules})


def http(name: str, *refs: Json, host: str = "api.example.com", **parts: Any) -> Json:
    """An HTTPRoute with one host and one rule."""
    spec = {"hostnames": [host], "rules": [{"backendRefs": list(refs)}]}
    return thing("HTTPRoute", GATEWAY, name, spec=spec, **parts)


def hook(service: str) -> Json:
    """A webhook that keeps the API server waiting."""
    called = {"name": service, "namespace": "shop", "port": 80}
    one = {"name": "p.example.com", "clientConfig": {"service": called}, "failurePolicy": "Fail"}
    api = "admissionregistration.k8s.io/v1"
    return thing("ValidatingWebhookConfiguration", api, "policy", "", webhooks=[one])


def monitor(port: str) -> Json:
    """A ServiceMonitor of everything in its namespace."""
    spec = {"selector": {}, "endpoints": [{"port": port}]}
    return thing("ServiceMonitor", "monitoring.coreos.com/v1", "watch", spec=spec)


REJECTED = {
    "parents": [
        {
            "parentRef": {"name": "public", "namespace": "infra"},
            "conditions": [
                {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners"}
            ],
        }
    ]
}

ALL = [
    *healthy("web"),
    *down("cart"),
    ingress("front", ("/", "web", 80), ("/cart", "cart", 80)),
    ingress("wild", ("/", "web", 80), host="*.example.com"),
    ingress("blog", ("/", "gone", 80), host="blog.example.com", namespace="press"),
    http("api", {"name": "web", "port": 80, "weight": 9}, {"name": "cart", "port": 80}),
    http("refused", {"name": "gone", "port": 80}, host="refused.example.com", status=REJECTED),
    hook("web"),
    monitor("metrics"),
]


@pytest.fixture
def dump(tmp_path: Path) -> str:
    """A file with healthy, broken and rejected references of several kinds."""
    return write(tmp_path, ALL)


# ── get routes ───────────────────────────────────────────────────────────────────────────────


def test_the_table_has_every_route_worst_first(run: Run, dump: str) -> None:
    """A row each: where, what, its hosts, how it stands, and what is the matter."""
    status, out, err = run("get", "routes", "-A", "--sort", "worst", "--from-file", dump)
    head, *rows = (line.split() for line in out.splitlines())
    assert (status, err) == (0, "")
    assert head == ["NAMESPACE", "KIND", "NAME", "HOSTS", "BACKENDS", "STATE", "PROBLEMS"]
    assert [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows] == [
        ("press", "Ingress", "blog", "blog.example.com", "1", "broken"),
        ("shop", "HTTPRoute", "api", "api.example.com", "2", "broken"),
        ("shop", "Ingress", "front", "www.example.com", "2", "broken"),
        ("shop", "ServiceMonitor", "watch", "-", "1", "broken"),
        ("shop", "HTTPRoute", "refused", "refused.example.com", "1", "rejected"),
        ("-", "ValidatingWebhookConfiguration", "policy", "-", "1", "ok"),
        ("shop", "Ingress", "wild", "*.example.com", "1", "ok"),
    ]
    assert rows[0][6:] == ["press/gone:80", "MissingService"]
    assert rows[2][6:] == ["shop/cart:80", "NoEndpoints"]
    assert "NotAllowedByListeners" in " ".join(rows[4][6:])
    assert rows[5][6:] == ["-"]


def test_the_table_is_by_name(run: Run, dump: str) -> None:
    """Without --sort by namespace, kind and name; what is in none comes first."""
    _, out, _ = run("get", "routes", "-A", "--no-headers", "--from-file", dump)
    assert [line.split()[2] for line in out.splitlines()] == [
        "policy",
        "blog",
        "api",
        "refused",
        "front",
        "wild",
        "watch",
    ]


def test_the_table_of_one_namespace(run: Run, dump: str) -> None:
    """-n leaves out the other namespaces, and what is in none."""
    status, out, _ = run("get", "routes", "-n", "press", "--no-headers", "--from-file", dump)
    assert status == 0
    assert [line.split()[:3] for line in out.splitlines()] == [["press", "Ingress", "blog"]]


def test_the_document_has_every_reference(run: Run, dump: str) -> None:
    """-o json: numbers are numbers, and each broken backend says what to do."""
    status, out, _ = run("get", "routes", "-A", "-o", "json", "--from-file", dump)
    items = {(one["kind"], one["name"]): one for one in json.loads(out)["items"]}
    assert status == 0
    assert len(items) == 7
    api = items["HTTPRoute", "api"]
    assert (api["state"], api["share"], api["hosts"]) == ("broken", 0.1, ["api.example.com"])
    assert api["rules"][0]["backends"][1] == {
        "namespace": "shop",
        "service": "cart",
        "port": "80",
        "weight": 1,
        "mirror": False,
        "result": "NoEndpoints",
        "broken": True,
        "reason": "EndpointsNotReady",
        "ready": 0,
        "message": "The Service shop/cart has no ready endpoint on that port: EndpointsNotReady.",
        "fix": "Ask `explain shop/cart`.",
    }
    assert items["ValidatingWebhookConfiguration", "policy"]["namespace"] == ""


def test_a_dump_without_routes_has_an_empty_table(run: Run, tmp_path: Path) -> None:
    """Nothing there is said on stderr; the document is an empty list."""
    path = write(tmp_path, healthy("web"))
    status, out, err = run("get", "routes", "-A", "--from-file", path)
    assert (status, out) == (0, "")
    assert "no routes, webhooks or monitors found" in err
    status, out, _ = run("get", "routes", "-A", "-o", "json", "--from-file", path)
    assert (status, json.loads(out)) == (0, {"items": []})


def test_routes_are_not_watched(run: Run, dump: str) -> None:
    """--watch follows Services: it is refused in a line."""
    status, out, err = run("get", "routes", "--watch", "--from-file", dump)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


# ── explain KIND/NAMESPACE/NAME ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words,status,first,within",
    [
        (
            ("ingress/shop/front",),
            1,
            "ingress/shop/front: broken",
            "→ shop/cart:80 (0 ready): NoEndpoints (EndpointsNotReady)",
        ),
        (("ing/front", "-n", "shop"), 1, "ingress/shop/front: broken", "/cart (PathPrefix)"),
        (
            ("httproute.gateway.networking.k8s.io/shop/api",),
            1,
            "httproute/shop/api: broken",
            "10% of its traffic fails",
        ),
        (("httproutes/shop/refused",), 1, "httproute/shop/refused: rejected", "not count"),
        (
            ("validatingwebhookconfiguration/policy",),
            0,
            "validatingwebhookconfiguration/policy: ok",
            "failurePolicy Fail",
        ),
        (
            ("servicemonitor/shop/watch",),
            1,
            "servicemonitor/shop/watch: broken",
            "Name a port",
        ),
        (("ingress/press/blog",), 1, "ingress/press/blog: broken", "no Service press/gone"),
        (("ingress/shop/wild",), 0, "ingress/shop/wild: ok", "Nothing to do."),
    ],
)
def test_a_route_is_explained(
    run: Run, dump: str, words: tuple[str, ...], status: int, first: str, within: str
) -> None:
    """Each reference with its mark, what is the matter and what to do; 1 when one is broken."""
    found, out, err = run("explain", *words, "--from-file", dump)
    assert (found, err) == (status, "")
    assert out.splitlines()[0] == first
    assert within in out


@pytest.mark.parametrize(
    "words,said",
    [
        (("ingress/shop/nothing",), "no Ingress shop/nothing"),
        (("validatingwebhookconfiguration/other",), "no ValidatingWebhookConfiguration other"),
        (("widget/shop/front",), "widget/shop/front"),
        (("ingress.example.com/shop/front",), "ingress.example.com/shop/front"),
        (("validatingwebhookconfiguration/shop/policy",), "shop/policy"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(
    run: Run, dump: str, words: tuple[str, ...], said: str
) -> None:
    """A missing object, a kind that is none and a group of another: status 2, no document."""
    status, out, err = run("explain", *words, "--from-file", dump)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert said in err


# ── explain --host ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address,status,state",
    [
        ("www.example.com", 1, "broken"),
        ("www.example.com/", 0, "ok"),
        ("WWW.example.com./shop", 0, "ok"),
        ("https://www.example.com:8443/cart/1?x=y", 1, "dead"),
        ("www.example.com/cartoon", 0, "ok"),
        ("other.example.com", 0, "ok"),
        ("other.example.com.", 0, "ok"),
        ("a.b.example.com", 1, "dead"),
        ("*.example.com", 0, "ok"),
        ("blog.example.com", 1, "dead"),
        ("api.example.com", 1, "broken"),
        ("refused.example.com", 0, "ok"),
        ("www.example.org", 1, "dead"),
    ],
)
def test_a_host_is_explained(run: Run, dump: str, address: str, status: int, state: str) -> None:
    """Host and path as people paste them; `*` of an Ingress is one label."""
    found, out, err = run("explain", "--host", address, "-o", "json", "--from-file", dump)
    assert (found, json.loads(out)["state"], err) == (status, state, "")


def test_a_host_is_told_door_by_door(run: Run, dump: str) -> None:
    """Host, rule, Service and port, the mark of each, and what to do."""
    _, out, _ = run("explain", "--host", "www.example.com", "--from-file", dump)
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "www.example.com: broken"
    assert "www.example.com /cart (PathPrefix), ingress/shop/front" in lines
    assert "→ shop/cart:80 (0 ready): NoEndpoints (EndpointsNotReady)" in lines
    assert "→ shop/web:80 (1 ready): ok" in lines
    assert lines[-1] == "Ask `explain shop/cart`."


def test_a_host_that_nothing_knows(run: Run, dump: str) -> None:
    """It is dead here, and may be alive elsewhere."""
    status, out, _ = run("explain", "--host", "www.example.org", "--from-file", dump)
    assert status == 1
    assert "No Ingress and no route knows this host." in out
    status, out, _ = run("explain", "--host", "refused.example.com", "--from-file", dump)
    assert "httproute/shop/refused names this host, and no parent accepts it." in out


@pytest.mark.parametrize("text", ["", "a..b", "exa mple.com", "-/x y", "x" * 300])
def test_what_is_no_host_is_refused_in_a_line(run: Run, dump: str, text: str) -> None:
    """Status 2, and what would be taken."""
    status, out, err = run("explain", "--host", text, "--from-file", dump)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


# ── check ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "objects,expected",
    [
        ([ingress("front", ("/", "web", 80))], []),
        ([ingress("front", ("/", "gone", 80))], ["ingress/shop/front: shop/gone:80 Missing"]),
        (
            [http("api", {"name": "web", "port": 81}), hook("gone")],
            [
                "httproute/shop/api: shop/web:81 MissingPort",
                "validatingwebhookconfiguration/policy: shop/gone:80 MissingService",
            ],
        ),
        ([monitor("metrics")], ["servicemonitor/shop/watch: shop/web:metrics MissingPort"]),
        ([http("api", {"name": "gone", "port": 80}, status=REJECTED)], []),
        ([external("alias"), ingress("front", ("/", "alias", 80))], []),
        ([*down("cart", meta=YOUNG), ingress("front", ("/", "cart", 80))], []),
    ],
)
def test_check_lists_what_leads_nowhere(
    run: Run, tmp_path: Path, objects: list[Json], expected: list[str]
) -> None:
    """A line each with what to do, and status 1; what is well, new or rejected is no fault."""
    path = write(tmp_path, healthy("web"), objects)
    status, out, _ = run("check", "--from-file", path)
    told = [line for line in out.splitlines() if "/" in line.partition(":")[0]]
    told = [line for line in told if line.count("/", 0, line.index(":")) > 1 or "policy" in line]
    assert status == (1 if expected else 0)
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(start)
    status, out, _ = run("check", "-o", "json", "--from-file", path)
    verdict = json.loads(out)
    assert (status, verdict["ok"]) == ((1, False) if expected else (0, True))
    assert len(verdict["broken_routes"]) == len(expected)


def test_check_of_a_namespace_counts_its_routes_alone(run: Run, dump: str) -> None:
    """The broken Ingress of another namespace is not this one's fault."""
    _, out, _ = run("check", "-n", "shop", "-o", "json", "--from-file", dump)
    names = [(one["namespace"], one["name"]) for one in json.loads(out)["broken_routes"]]
    assert names == [("shop", "api"), ("shop", "front"), ("shop", "watch")]
