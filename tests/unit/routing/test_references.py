from __future__ import annotations

import itertools
from typing import Any

import pytest

from exporter import routing
from exporter.model import Delete, ObjectKey, Replace, Upsert
from exporter.model.routes import ReferenceReport
from exporter.objects.dependents import Backend
from exporter.objects.resources import DEPENDENTS, ROUTES
from exporter.routing.references import Facts, resolve
from tests.unit.routing.worlds import NOW, World, ingress, make, piece, route, service

GRANT_FROM = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "d"}]


def grant(*to: dict[str, str], **source: str) -> Any:
    """A ReferenceGrant in e."""
    spec = {"from": [{**GRANT_FROM[0], **source}], "to": list(to)}
    return make("referencegrants", "g", "e", spec=spec)


@pytest.mark.parametrize(
    "port,expected",
    [
        ({"number": 80}, "ok"),
        ({"name": "http"}, "ok"),
        ({"number": 8080}, "MissingPort"),
        ({"name": "https"}, "MissingPort"),
        ({"number": 70000}, "MissingPort"),
        ({"name": ""}, "MissingPort"),
        ({}, "MissingPort"),
    ],
)
def test_an_ingress_names_the_port_of_the_service(port: dict[str, Any], expected: str) -> None:
    """By number or by name; the targetPort is another thing, and no port is none."""
    assert World(service(), piece(), ingress(port)).results() == [expected]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_objects_does_not_matter(order: tuple[int, ...]) -> None:
    """Service, slice and route come as they like, and go: each state is that of its objects."""
    objects = (service(), piece(), route({"name": "web", "port": 80}))
    world = World()
    for number in order:
        world.put(objects[number])
    assert world.results() == ["ok"]
    world.state.deliver(Delete("services", ObjectKey("d", "web")))
    world.state.settle(NOW)
    assert world.results() == ["MissingService"]
    assert 'k8s_route_broken_share{kind="HTTPRoute",namespace="d",name="r"} 1' in world.lines()
    world.put(service())
    assert world.results() == ["ok"]


def test_the_first_result_that_holds_is_told() -> None:
    """A Service that is not there needs no port and no grant; a port that is not, no grant."""
    refs = [
        {"name": "gone", "namespace": "e", "port": 81},
        {"name": "far", "namespace": "e", "port": 81},
        {"name": "far", "namespace": "e", "port": 80},
        {"name": "web", "port": 80, "weight": 0},
    ]
    world = World(service(), piece(), service("far", "e"), piece("far", "e"), route(*refs))
    assert world.results() == ["MissingService", "MissingPort", "NotPermitted", "WeightZero"]


@pytest.mark.parametrize(
    "made,expected",
    [
        (grant({"group": "", "kind": "Service"}), "ok"),
        (grant({"group": "", "kind": "Service", "name": "far"}), "ok"),
        (grant({"group": "", "kind": "Service", "name": "near"}), "NotPermitted"),
        (grant({"group": "", "kind": "Secret"}), "NotPermitted"),
        (grant({"group": "", "kind": "Service"}, namespace="x"), "NotPermitted"),
        (grant({"group": "", "kind": "Service"}, kind="GRPCRoute"), "NotPermitted"),
        (grant({"group": "", "kind": "Service"}, group=""), "NotPermitted"),
    ],
)
def test_a_grant_permits_what_it_names(made: Any, expected: str) -> None:
    """Kind, namespace and group of the route, and the Service's name where it gives one."""
    far = route({"name": "far", "namespace": "e", "port": 80})
    world = World(service("far", "e"), piece("far", "e"), far)
    assert world.results() == ["NotPermitted"]
    world.put(made)
    assert world.results() == [expected]


def test_what_can_not_be_read_makes_nothing_broken() -> None:
    """Without grants, Services or slices the result is unknown, and no series tells of it."""
    far = route({"name": "far", "namespace": "e", "port": 80})
    world = World(service("far", "e"), piece("far", "e"), far)
    world.forget("referencegrants")
    assert world.results() == ["unknown"]
    near = World(service(), piece(), route({"name": "web", "port": 80}))
    near.forget("endpointslices")
    assert near.results() == ["unknown"]
    near.forget("services")
    assert near.results() == ["unknown"]
    assert World(ingress({"number": 80}), partial=True).results() == ["unknown"]
    for one in (world, near):
        assert not [line for line in one.lines() if "broken" in line]
    near.forget("httproutes")
    assert not [line for line in near.lines() if 'kind="HTTPRoute"' in line]


@pytest.mark.parametrize(
    "resource,kind",
    [("httproutes", "HTTPRoute"), ("ingresses", "Ingress"), ("servicemonitors", "ServiceMonitor")],
)
def test_numbers_go_with_the_permission(resource: str, kind: str) -> None:
    """What can't be read any more has no numbers, not zero; with the permission they come back."""
    end = {"port": "metrics"}
    objects = {
        "httproutes": route({"name": "gone", "port": 80}),
        "ingresses": ingress({"number": 81}),
        "servicemonitors": make(
            "servicemonitors", "m", spec={"selector": {}, "endpoints": [end, end]}
        ),
    }
    world = World(service(), piece(), *objects.values())

    def told() -> list[str]:
        return [line for line in world.lines() if f'kind="{kind}"' in line]

    before = told()
    assert f'k8s_routes{{kind="{kind}"}} 1' in before
    assert [line for line in before if line.startswith("k8s_route_backend_broken")]
    others = [line for line in world.lines() if line not in before]
    world.forget(resource)
    assert told() == []
    assert world.lines() == others
    assert kind not in world.state.routes.kinds
    assert not [key for key in world.state.routes.reports if key.kind == kind]
    world.state.deliver(Replace(resource, "", ()))
    world.state.settle(NOW)
    assert told() == [f'k8s_routes{{kind="{kind}"}} 0', f'k8s_route_backends{{kind="{kind}"}} 0']
    world.put(objects[resource])
    assert sorted(told()) == sorted(before)


def test_all_numbers_go_with_all_permissions() -> None:
    """A role without the group's rules: not one series of it is left."""
    end = {"port": "metrics"}
    world = World(
        service(),
        piece(),
        route({"name": "gone", "port": 80}),
        ingress({"number": 81}),
        make("servicemonitors", "m", spec={"selector": {}, "endpoints": [end]}),
    )
    assert world.lines()
    for resource in (*(one.name for one in ROUTES), *(one.name for one in DEPENDENTS)):
        world.forget(resource)
    assert world.lines() == []


def test_external_names_are_judged_by_kind() -> None:
    """A route of the Gateway API can't use one; what an Ingress does with it is not judged."""
    alias = service(type="ExternalName", externalName="www.example.org")
    assert World(alias, route({"name": "web", "port": 80})).results() == ["ExternalName"]
    assert World(alias, ingress({"number": 80})).results() == ["NotJudged"]


def test_other_backends_are_not_judged() -> None:
    """Another group or kind, and an Ingress' resource: told, and neither broken nor well."""
    refs = [
        {"name": "x", "group": "net.gke.io", "kind": "ServiceImport"},
        {"name": "x", "group": "serving.knative.dev", "kind": "Service"},
    ]
    bucket = {"defaultBackend": {"resource": {"kind": "Bucket", "name": "x"}}}
    world = World(route(*refs), make("ingresses", "i", spec=bucket))
    assert world.results() == ["NotJudged"] * 3
    assert not [line for line in world.lines() if "broken" in line]


def test_a_service_without_endpoints_breaks_what_leads_there() -> None:
    """With the share of the weight, and no more once it is ready."""
    refs = ({"name": "web", "port": 80, "weight": 9}, {"name": "new", "port": 80, "weight": 1})
    world = World(service(), piece(), service("new"), piece("new", ready=False), route(*refs))
    assert world.results() == ["ok", "NoEndpoints"]
    assert 'k8s_route_broken_share{kind="HTTPRoute",namespace="d",name="r"} 0.1' in world.lines()
    world.put(piece("new"))
    assert world.results() == ["ok", "ok"]
    assert not [line for line in world.lines() if "broken" in line]


def test_a_port_without_endpoints_is_broken_and_the_others_are_not() -> None:
    """The Service works on one port: what leads to the other gets no answer."""
    ports = ({"name": "http", "port": 80}, {"name": "admin", "port": 90, "targetPort": "admin"})
    refs = ({"name": "web", "port": 80}, {"name": "web", "port": 90})
    assert World(service("web", "d", *ports), piece(), route(*refs)).results() == [
        "ok",
        "NoEndpoints",
    ]


def test_each_kind_speaks_its_protocol() -> None:
    """A number that is there for UDP alone is missing for HTTP, and the other way round."""
    dns = service("web", "d", {"name": "dns", "port": 53, "protocol": "UDP"})
    udp = make("udproutes", "u", spec={"rules": [{"backendRefs": [{"name": "web", "port": 53}]}]})
    world = World(
        dns, piece("web", "d", ("dns", 53, "UDP")), udp, route({"name": "web", "port": 53})
    )
    assert world.results() == ["MissingPort", "ok"]


@pytest.mark.parametrize(
    "conditions,rejected",
    [
        ([("Accepted", "False")], True),
        ([("Accepted", "Unknown")], True),
        ([], True),
        ([("Accepted", "True")], False),
    ],
)
def test_a_rejected_route_is_told_and_not_counted(
    conditions: list[tuple[str, str]], rejected: bool
) -> None:
    """Its references have their results all the same; without a status nobody has said no."""
    said = [{"type": kind, "status": status} for kind, status in conditions]
    status = {"parents": [{"parentRef": {"name": "g"}, "conditions": said}]}
    world = World(route({"name": "gone", "port": 80}, status=status))
    assert world.results() == ["MissingService"]
    assert bool([line for line in world.lines() if "broken" in line]) is not rejected
    assert [line for line in World(route({"name": "gone", "port": 80})).lines() if "broken" in line]


def test_ten_paths_to_one_dead_service_are_one_series() -> None:
    """And a mirror has no share of the traffic, but is broken."""
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "gone", "port": 1}}}
    rule = {"backendRefs": [{"name": "web", "port": 80}], "filters": [mirror]}
    world = World(service(), piece(), make("httproutes", "r", spec={"rules": [rule] * 10}))
    labels = 'namespace="d",name="r",service="gone",port="1",problem="MissingService"'
    line = f'k8s_route_backend_broken{{kind="HTTPRoute",{labels}}} 1'
    assert [line for line in world.lines() if "broken" in line] == [line]
    assert 'k8s_route_backends{kind="HTTPRoute"} 20' in world.lines()


def test_webhooks_default_to_port_443_and_to_fail() -> None:
    """A configuration is counted by policy; a headless Service is unknown to the API server."""
    hook = {"name": "a", "clientConfig": {"service": {"namespace": "d", "name": "web"}}}
    url = {"name": "b", "clientConfig": {"url": "https://x/"}}
    config = make("validatingwebhookconfigurations", "v", "", webhooks=[hook, url])
    world = World(service(), piece(), config)
    assert world.results() == ["MissingPort"]
    assert (
        'k8s_route_webhooks_broken{kind="ValidatingWebhookConfiguration",name="v",'
        'failure_policy="Fail"} 1'
    ) in world.lines()
    ports = {"name": "https", "port": 443, "targetPort": 8080}
    world.put(service("web", "d", ports, clusterIP="None"))
    assert world.results() == ["unknown"]


def test_what_many_routes_name_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred routes to two backends: one reference for each, and lines of the broken alone."""
    asked: list[str] = []

    def judge(kind: str, namespace: str, backend: Backend, facts: Facts) -> ReferenceReport:
        asked.append(f"{kind} {backend.name}:{backend.port}")
        return resolve(kind, namespace, backend, facts)

    monkeypatch.setattr(routing, "resolve", judge)
    world = World(service(), piece())
    asked.clear()
    for number in range(100):
        refs = ({"name": "web", "port": 80}, {"name": "web", "port": 80 + number // 99})
        world.state.deliver(Upsert("httproutes", route(*refs, name=f"r{number}")))
    world.state.settle(NOW)
    assert sorted(asked) == ["HTTPRoute web:80", "HTTPRoute web:81"]
    assert world.results() == ["ok"] * 198 + ["ok", "MissingPort"]
    [line] = [line for line in world.lines() if "backend_broken{" in line]
    assert 'name="r99"' in line
    world.put(route({"name": "web", "port": 80}, name="r99"))
    assert not any("backend_broken{" in line for line in world.lines())


def test_a_change_touches_only_what_refers_to_it() -> None:
    """Of a thousand routes a change of one Service resolves those ten that lead there."""
    world = World(
        *(service(f"s{n}") for n in range(100)),
        *(route({"name": f"s{n % 100}", "port": 80}, name=f"r{n}") for n in range(1000)),
    )
    board = world.state.routes
    board.routing.take()
    world.state.deliver(Delete("services", ObjectKey("d", "s7")))
    batch = world.state.refresh(NOW)
    assert batch.routes is not None
    assert len(batch.routes.reports) == 10
    world.state.commit(batch)
    world.put(route({"name": "s1", "port": 81}, name="r1"))
    assert [
        report.key.name
        for report in board.reports.values()
        if report.broken and report.broken[0].result == "MissingPort"
    ] == ["r1"]
