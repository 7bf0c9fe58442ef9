from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import NO_SERVICES, NO_SLICES, Json, down, write
from tests.unit.foresight.test_callers import ingress, webhooks
from tests.unit.foresight.test_losses import REPLICASET, workload
from tests.unit.foresight.worlds import TWO, budget, running, served

CLUSTER: tuple[Json | list[Json], ...] = (
    served("s", "n1/a"),
    running("s", 1, "n1", ("ReplicaSet", "s-5d")),
    served("t", "n1/a", "n2/b", metadata=TWO),
    served("u", "n1/a", "n2/b", internalTrafficPolicy="Local"),
    running("u", 1, "n1"),
    running("u", 2, "n2"),
    workload("Deployment", "s", 1),
    REPLICASET,
    workload("DaemonSet", "agent", 1),
    budget("guard", "u"),
    webhooks(("deny.example.com", "s", "Fail")),
    ingress("s"),
)
ASSUMED = "(worst case: nothing that is lost comes up anywhere else):"


def test_a_drain_is_told_in_full(run: Run, tmp_path: Path) -> None:
    """Services, policies, budgets, webhooks, routes, and a line that sums up."""
    path = write(tmp_path, *CLUSTER, down("old", "d"))

    status, out, err = run("whatif", "--drain", "n1", "--from-file", path)

    assert (status, err) == (1, "")
    assert out == (
        f"If Node n1 were drained and gone {ASSUMED}\n"
        "\n"
        "NAMESPACE   SERVICE   READY   LEFT   MIN   OUTCOME           LOSES\n"
        "d           s         1       0      1     down              n1\n"
        "d           t         2       1      2     below-min-ready   n1\n"
        "\n"
        "Local policies\n"
        "  d/u: internalTrafficPolicy Local, and no local endpoint on n1: what comes in there is "
        "dropped\n"
        "\n"
        "PodDisruptionBudgets\n"
        "  d/guard blocks (2 healthy, 2 wanted), 1 Pod: u-1\n"
        "\n"
        "Webhooks that would stop the API server\n"
        "  ValidatingWebhookConfiguration admission (deny.example.com): d/s\n"
        "\n"
        "What leads to Services that would be down\n"
        "  ingress/d/to-s: d/s\n"
        "\n"
        "of 4 Services: 1 Service would be down, 1 Service would be below min-ready; "
        "1 PodDisruptionBudget blocks the drain; 1 down already\n"
    )


def test_the_document_for_programs(run: Run, tmp_path: Path) -> None:
    """Everything the text says, by keys that only ever grow."""
    path = write(tmp_path, *CLUSTER)

    status, out, _ = run("whatif", "--drain", "n1", "-o", "json", "--from-file", path)
    found: dict[str, Any] = json.loads(out)

    assert (status, found["exit"], found["ok"]) == (1, 1, False)
    assert found["asked"] == {"drain": ["n1"], "zones": [], "scale": {}, "nodes": None}
    assert found["assumes"] == "worst case: nothing that is lost comes up anywhere else"
    assert found["effects"][0] == {
        "namespace": "d",
        "service": "s",
        "outcome": "down",
        "ready": 1,
        "left": 0,
        "min_ready": 1,
        "standing": "down",
        "nodes": ["n1"],
        "staying": 0,
        "unplaced": 0,
        "findings": [],
        "blind_nodes": [],
        "policies": [],
    }
    assert found["budgets"] == [
        {
            "namespace": "d",
            "name": "guard",
            "state": "blocks",
            "pods": ["u-1"],
            "allowed": 0,
            "healthy": 2,
            "desired": 2,
        }
    ]
    assert found["callers"][0]["webhooks"] == ["deny.example.com"]
    assert (found["unmanaged_pods"], found["worst"], found["missing"]) == ([], None, [])


def test_the_worst_nodes_are_found_and_named(run: Run, tmp_path: Path) -> None:
    """Each Service by its own worst Node, and the one that is the worst for all."""
    path = write(tmp_path, *CLUSTER)

    status, out, _ = run("whatif", "--nodes", "1", "--from-file", path)

    assert status == 1
    assert out.startswith(f"If each Service lost the Node worst for it {ASSUMED}\n")
    assert (
        "\nWorst for all Services at once\n"
        "  n1: 1 Service would be down, 1 Service would be below min-ready (exact search)\n" in out
    )


@pytest.mark.parametrize(
    "words,status,last",
    [
        (("--drain", "n2"), 1, "of 3 Services: 1 Service would be below min-ready; 1 PodDisrupt"),
        (("--zone", "a"), 1, "of 3 Services: 1 Service would be down, 1 Service would be below"),
        (("--zone", "a", "b"), 1, "of 3 Services: 3 Services would be down"),
        (("--scale", "d/s=0"), 1, "of 3 Services: 1 Service would be down"),
        (("--scale", "deploy/d/s=0"), 1, "of 3 Services: 1 Service would be down"),
        (("--scale", "s=0", "-n", "d"), 1, "of 3 Services: 1 Service would be down"),
        (("--scale", "deploy/s=0", "-n", "d"), 1, "of 3 Services: 1 Service would be down"),
        (("--scale", "d/s=5"), 0, "3 Services, none would be harmed"),
        (("--nodes", "2"), 1, "of 3 Services: 3 Services would be down"),
    ],
)
def test_the_status_says_whether_it_does_harm(
    run: Run, tmp_path: Path, words: tuple[str, ...], status: int, last: str
) -> None:
    """0 when nobody is harmed, 1 when somebody is."""
    found, out, err = run("whatif", *words, "--from-file", write(tmp_path, *CLUSTER))

    assert (found, err) == (status, "")
    assert out.splitlines()[-1].startswith(last)


@pytest.mark.parametrize(
    "words,told",
    [
        ((), "takes --drain NODE, --zone ZONE, --scale WORKLOAD=N or --nodes N; see --help"),
        (("--drain", "n3"), "--drain: no Node n3; known: n1, n2"),
        (("--drain", "x\x1b"), '--drain: no Node "x\\u001b"; known: n1, n2'),
        (("--zone", "c"), "--zone: no zone c; known: a, b"),
        (("--scale", "d/sx=1"), "--scale: no workload d/sx; did you mean d/s?"),
        (("--scale", "d/agent=1"), "--scale: d/agent is a DaemonSet: Nodes say how many Pods it "),
        (("--scale", "d/s"), "--scale: d/s is not NAMESPACE/NAME=N or KIND/NAMESPACE/NAME=N"),
        (("--scale", "s=1"), "--scale: s=1 names no namespace; takes NAMESPACE/NAME=N"),
        (("--scale", "d/s=-1"), "--scale d/s: -1 is too small; takes a whole number from 0 to "),
        (("--scale", "d/s=x"), "--scale d/s: x is not a whole number; takes a whole number from"),
        (("--scale", "job/d/s=1"), "--scale: job is no kind that can be scaled"),
        (("--scale", "x/s=1", "-n", "d"), "--scale: x/s=1 is in namespace x, and -n says d"),
        (("--nodes", "0"), "--nodes: 0 is too small; takes a whole number from 1 to 1000"),
        (("--nodes", "1", "--zone", "a"), "--nodes finds the Nodes itself; it goes with no other"),
        (("--nodes", "1", "-n", "e"), "there are no Services in namespace e"),
    ],
)
def test_what_is_not_there_is_one_line(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """A slip is told with what was likely meant, and the status is 2."""
    status, out, err = run("whatif", *words, "--from-file", write(tmp_path, *CLUSTER))

    assert (status, out) == (2, "")
    assert err.startswith(f"kube-endpoints-exporter: whatif: {told}")
    assert err.count("\n") == 1


def test_what_cant_be_told_is_status_2(run: Run, tmp_path: Path) -> None:
    """A Service whose slice can't be read may be harmed, for all one can tell."""
    broken = served("v", "n1")
    broken[1]["endpoints"] = "nonsense"
    path = write(tmp_path, served("w", "n1", "n2"), broken)

    status, out, err = run("whatif", "--drain", "n1", "--from-file", path)

    assert status == 2
    assert out.endswith("\nof 2 Services: 1 can't be told\n")
    assert "left out: EndpointSlice d/v-x: " in err


def test_without_services_there_is_nothing_to_ask(run: Run, tmp_path: Path) -> None:
    """An empty cluster is no cluster that survives everything."""
    path = write(tmp_path, NO_SERVICES, NO_SLICES)

    assert run("whatif", "--nodes", "1", "--from-file", path) == (
        2,
        "",
        "kube-endpoints-exporter: whatif: there are no Services\n",
    )
