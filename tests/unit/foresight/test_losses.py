from __future__ import annotations

import pytest

from exporter.foresight import Scaling
from exporter.model import FindingCode, Standing
from tests.golden.moments import SCENARIOS, play
from tests.unit.apiserver import Json, endpoint, node, service, slice_of
from tests.unit.foresight.worlds import TWO, foretell, foretold, outcomes, running, served

ZONE = "topology.kubernetes.io/zone"


@pytest.mark.parametrize(
    "places,question,told",
    [
        (("n1", "n2"), {"drained": ("n1",)}, {}),
        (("n1", "n1"), {"drained": ("n1",)}, {"s": "down 0"}),
        (("n1", "n2"), {"drained": ("n1", "n2")}, {"s": "down 0"}),
        (("n1/a", "n2/a"), {"zones": ("a",)}, {"s": "down 0"}),
        (("n1/a", "n2/b"), {"zones": ("a",)}, {}),
        (("/a",), {"zones": ("a",)}, {"s": "down 0"}),
        (("n1/a", "n2/b"), {"zones": ("a",), "drained": ("n2",)}, {"s": "down 0"}),
        (("n1", "-"), {"drained": ("n1",)}, {}),
        (("n1", "n2"), {"worst": 1}, {}),
        (("n1", "n2"), {"worst": 2}, {"s": "down 0"}),
        (("n1", "n1", "n2"), {"worst": 1}, {}),
    ],
)
def test_who_is_down_without_nodes_and_zones(
    places: tuple[str, ...], question: Json, told: dict[str, str]
) -> None:
    """Only what is named is lost; nothing comes up anew."""
    assert outcomes(foretold(served("s", *places), **question)) == told


def test_below_min_ready_is_what_the_owner_says() -> None:
    """Two are wanted: one left is too few; a Service that has too few as it is loses nothing."""
    found = foretold(
        served("s", "n1", "n2", metadata=TWO),
        served("t", "n2", metadata=TWO),
        served("u", "n1", "n2"),
        drained=("n1",),
    )

    assert outcomes(found) == {"s": "below-min-ready 1"}
    assert [(one.ready, one.min_ready, one.nodes) for one in found.effects] == [(2, 2, ("n1",))]


def test_the_worst_comes_first() -> None:
    """Down, then below what is wanted, then by name."""
    found = foretold(
        served("b", "n1"),
        served("c", "n1"),
        served("a", "n1", "n2", metadata=TWO),
        drained=("n1",),
    )

    assert list(outcomes(found)) == ["b", "c", "a"]


def test_a_port_that_dies_degrades() -> None:
    """The judgement's own finding says so: the other port is still served."""
    ports = [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080},
        {"name": "admin", "port": 81, "protocol": "TCP", "targetPort": "admin"},
    ]
    both = [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "admin", "port": 8081}]
    found = foretold(
        service(ports=ports),
        slice_of(endpoint(".1", nodeName="n1"), ports=both),
        slice_of(endpoint(".2", nodeName="n2"), name="s-2"),
        drained=("n1",),
    )

    assert outcomes(found) == {"s": "degraded 1"}
    assert found.effects[0].findings == (FindingCode.PORT_WITHOUT_ENDPOINTS,)


def test_what_was_no_better_before_is_not_harmed() -> None:
    """Without a ready endpoint, or ignored, or an alias: a loss takes nothing from them."""
    ignored = {"annotations": {"endpoints-exporter.io/ignore": "true"}}
    found = foretold(
        service("s"),
        slice_of(endpoint(".1", "FFF", nodeName="n1")),
        served("t", "n1", metadata=ignored),
        service("u", type="ExternalName", externalName="x.example.com", selector=None),
        drained=("n1",),
    )

    assert outcomes(found) == {}
    assert [str(key) for key in found.down] == ["d/s"]
    assert not found.harmful


def test_services_that_cant_be_read_are_unknown() -> None:
    """A slice that can't be decoded may have been anywhere."""
    broken = slice_of(endpoint(".1"))
    broken["endpoints"] = "nonsense"

    found = foretold(service(), broken, served("t", "n1"), drained=("n1",))

    assert [str(key) for key in found.unknown] == ["d/s"]
    assert outcomes(found) == {"t": "down 0"}


def test_a_nodes_own_zone_holds_against_what_endpoints_say() -> None:
    """Zones are copied when a slice is written: the Node says where it is."""
    one, other = node("n1"), node("n2")
    one["metadata"]["labels"] = {ZONE: "a"}
    other["metadata"]["labels"] = {ZONE: "b"}

    found = foretold(one, other, served("s", "n1"), served("t", "n2"), zones=("a",))

    assert found.nodes == ("n1",)
    assert outcomes(found) == {"s": "down 0"}


def test_an_endpoint_without_a_node_is_where_its_pod_is() -> None:
    """Slices of others may leave the Node out; the Pod tells."""
    found = foretold(served("s", "-"), running("s", 1, "n1"), drained=("n1",))

    assert outcomes(found) == {"s": "down 0"}


def test_daemonsets_stay_until_the_node_is_gone() -> None:
    """A drain leaves them and mirror Pods alone; with the Node they go, and that is counted."""
    found = foretold(
        served("s", "n1"),
        running("s", 1, "n1", ("DaemonSet", "agent")),
        served("t", "n1"),
        running("t", 1, "n1", ("Node", "n1")),
        served("u", "n1"),
        running("u", 1, "n1"),
        drained=("n1",),
    )

    assert {one.key.name: (one.left, one.staying) for one in found.effects} == {
        "s": (0, 1),
        "t": (0, 1),
        "u": (0, 0),
    }


# ── Local policies ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "spec,owner,question,blind",
    [
        ({"internalTrafficPolicy": "Local"}, "ReplicaSet", {"drained": ("n1",)}, ("n1",)),
        ({"internalTrafficPolicy": "Local"}, "DaemonSet", {"drained": ("n1",)}, ()),
        ({"internalTrafficPolicy": "Local"}, "ReplicaSet", {"zones": ("a",)}, ()),
        ({}, "ReplicaSet", {"drained": ("n1",)}, ()),
        (
            {"type": "NodePort", "externalTrafficPolicy": "Local"},
            "ReplicaSet",
            {"drained": ("n1",)},
            ("n1",),
        ),
        ({"externalTrafficPolicy": "Local"}, "ReplicaSet", {"drained": ("n1",)}, ()),
    ],
)
def test_a_local_policy_cuts_off_a_node_while_it_drains(
    spec: Json, owner: str, question: Json, blind: tuple[str, ...]
) -> None:
    """Not where a DaemonSet stays, nor where it is gone at once; it is no harm by itself."""
    found = foretold(
        served("s", "n1/a", "n2/b", **spec),
        running("s", 1, "n1", (owner, "x")),
        running("s", 2, "n2", (owner, "x")),
        **question,
    )

    assert tuple(node for one in found.effects for node in one.blind) == blind
    assert not found.harmful


def test_a_local_policy_that_no_node_left_can_serve_degrades() -> None:
    """The judgement calls it a warning when every schedulable Node is without an endpoint."""
    found = foretold(
        node("n1"),
        node("n2", cordoned=True),
        node("n3"),
        served("s", "n1", "n2", internalTrafficPolicy="Local"),
        drained=("n1",),
    )

    assert outcomes(found) == {"s": "degraded 1"}
    assert found.effects[0].findings == (FindingCode.LOCAL_POLICY_GAP,)


# ── scaling ──────────────────────────────────────────────────────────────────────────────────


def workload(kind: str, name: str, replicas: int, **metadata: object) -> Json:
    """A workload whose Pods are labelled app=NAME."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "d", "uid": f"u-{name}", **metadata},
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "s"}}}},
        "status": {"replicas": replicas},
    }


REPLICASET = workload(
    "ReplicaSet",
    "s-5d",
    3,
    ownerReferences=[{"kind": "Deployment", "name": "s", "uid": "u-s", "controller": True}],
)


def scaled(replicas: int, *more: Json, kind: str = "Deployment") -> dict[str, str]:
    """What becomes of a Service with three Pods, two of them on n1."""
    owner = ("ReplicaSet", "s-5d") if kind == "Deployment" else (kind, "s")
    found = foretold(
        served("s", "n1", "n1", "n2", metadata=TWO),
        *[running("s", number, spot, owner) for number, spot in ((1, "n1"), (2, "n1"), (3, "n2"))],
        workload(kind, "s", 3),
        *more,
        scalings=(Scaling(kind, "d", "s", replicas),),
    )
    return outcomes(found)


@pytest.mark.parametrize(
    "replicas,told",
    [(0, {"s": "down 0"}), (1, {"s": "below-min-ready 1"}), (2, {}), (3, {}), (9, {})],
)
@pytest.mark.parametrize("more", [(REPLICASET,), ()], ids=["owned", "replicasets unread"])
def test_a_deployment_that_is_scaled(
    replicas: int, told: dict[str, str], more: tuple[Json, ...]
) -> None:
    """Fewer Pods are fewer endpoints; more are none, for no new Pod gets ready."""
    assert scaled(replicas, *more) == told


def test_scaled_to_zero_is_intended_and_told_all_the_same() -> None:
    """The judgement calls a zero that somebody wants intended; what was asked is who is hit."""
    found = foretold(
        served("s", "n1"),
        running("s", 1, "n1", ("ReplicaSet", "s-5d")),
        workload("Deployment", "s", 1),
        REPLICASET,
        scalings=(Scaling("Deployment", "d", "s", 0),),
    )

    assert [(one.outcome, one.standing) for one in found.effects] == [("down", Standing.INTENDED)]


def test_a_statefulset_loses_the_highest_ordinals() -> None:
    """Whether they are ready or not: s-2 and s-3 of three are the last that came."""
    objects = [
        service(selector={"app": "s"}),
        slice_of(
            endpoint(".1", "FFF", targetRef={"kind": "Pod", "name": "s-1"}, nodeName="n1"),
            endpoint(".2", targetRef={"kind": "Pod", "name": "s-2"}, nodeName="n2"),
        ),
        running("s", 1, "n1", ("StatefulSet", "s"), conditions=[]),
        running("s", 2, "n2", ("StatefulSet", "s")),
        workload("StatefulSet", "s", 2),
    ]

    found = foretold(objects, scalings=(Scaling("StatefulSet", "d", "s", 1),))

    assert outcomes(found) == {"s": "down 0"}


def test_pods_that_are_not_ready_go_first() -> None:
    """As the ReplicaSet's controller chooses: the ready one is kept."""
    objects = [
        service(),
        slice_of(
            endpoint(".1", "FFF", targetRef={"kind": "Pod", "name": "s-1"}, nodeName="n1"),
            endpoint(".2", targetRef={"kind": "Pod", "name": "s-2"}, nodeName="n2"),
        ),
        running("s", 1, "n1", ("ReplicaSet", "s"), conditions=[]),
        running("s", 2, "n2", ("ReplicaSet", "s")),
        workload("ReplicaSet", "s", 2),
    ]

    found = foretold(objects, scalings=(Scaling("ReplicaSet", "d", "s", 1),))

    assert outcomes(found) == {}


def test_a_local_policy_counts_the_nodes_that_scaling_empties() -> None:
    """Which ready Pods go is open: those that leave the fewest Nodes with one are taken."""
    found = foretold(
        served("s", "n1", "n1", "n2", internalTrafficPolicy="Local"),
        *[
            running("s", number, spot, ("ReplicaSet", "s"))
            for number, spot in ((1, "n1"), (2, "n1"), (3, "n2"))
        ],
        workload("ReplicaSet", "s", 3),
        scalings=(Scaling("ReplicaSet", "d", "s", 2),),
    )

    assert [(one.blind, one.policies) for one in found.effects] == [
        (("n2",), ("internalTrafficPolicy",))
    ]


# ── the metric ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_metric_and_the_command_agree(name: str) -> None:
    """Where the metric says that no single Node matters, the worst one takes nobody down."""
    state = next(play(name)).state
    found = foretell(state, worst=1)
    down = {one.key for one in found.effects if one.outcome == "down"}
    told = {
        key: report.topology.survives_node
        for key, report in state.reports.items()
        if report.topology is not None and not report.ignored
    }

    assert {key for key, survives in told.items() if survives is False} == down
