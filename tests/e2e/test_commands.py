"""The commands that ask once, on the live cluster and on what the real kubectl has dumped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness.exporter import Exporter, run_command
from tests.e2e.harness.samples import parse_samples
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.watching import (
    Cluster,
    explain_difference,
    keep_state,
    select_families,
    wait_for_service,
    wait_for_truth,
)

DUMPED = (
    "services,endpointslices,endpoints,pods,nodes,"
    "deployments,replicasets,statefulsets,replicationcontrollers,daemonsets"
)


@pytest.fixture
def shop(cluster: Cluster, exporter: Exporter, namespace: str) -> str:
    """A namespace with a healthy Service, a broken one and an ExternalName."""
    name: dict[str, Any] = {"type": "ExternalName", "externalName": "db.example.com"}
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web"),
        make_service(namespace, "cart", selector={"app": "nothing"}),
        make_service(namespace, "db", ports=(), selector=None, **name),
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
    wait_for_service(exporter, namespace, "cart", {"reason": "SelectorMatchesNoPods"})
    wait_for_truth(cluster, exporter)
    return namespace


def test_get_lists_every_service_with_its_state(
    workspace: Path, kubeconfig: Path, shop: str
) -> None:
    """`get -A` has one line for each Service, with ready/total and the reason."""
    done = run_command("get", "-A", f"--kubeconfig={kubeconfig}", folder=workspace)

    assert done.returncode == 0, done.stderr
    rows = {
        tuple(line.split()[:2]): line for line in done.stdout.splitlines() if line.startswith(shop)
    }
    assert set(rows) == {(shop, "web"), (shop, "cart"), (shop, "db")}
    assert "2/2" in rows[shop, "web"]
    assert "SelectorMatchesNoPods" in rows[shop, "cart"]
    assert "ExternalName" in rows[shop, "db"]
    assert "kubernetes" in done.stdout


def test_get_tells_the_same_as_json(workspace: Path, kubeconfig: Path, shop: str) -> None:
    """`get -n NS -o json` is JSON that names the three Services."""
    done = run_command(
        "get", "-n", shop, "-o", "json", f"--kubeconfig={kubeconfig}", folder=workspace
    )

    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    for name in ("web", "cart", "db"):
        assert f'"{name}"' in done.stdout


def test_check_lists_what_is_not_as_it_should_be(
    workspace: Path, kubeconfig: Path, shop: str
) -> None:
    """`check` ends with 1 and names the broken Service, not the healthy one."""
    flags = ["-n", shop, "--grace-period=0s", f"--kubeconfig={kubeconfig}"]
    done = run_command("check", *flags, folder=workspace)

    assert done.returncode == 1, done.stderr
    assert f"{shop}/cart" in done.stdout
    assert f"{shop}/web" not in done.stdout


def test_check_ends_with_two_when_it_can_not_tell(
    cluster: Cluster, workspace: Path, kubeconfig: Path
) -> None:
    """An invalid token is one line on stderr and status 2, not a claim about any Service."""
    broken = workspace / "broken.kubeconfig"
    document = json.loads(kubeconfig.read_text(encoding="utf-8"))
    document["users"][0]["user"] = {"token": "nobody"}
    broken.write_text(json.dumps(document), encoding="utf-8")

    done = run_command("check", "-A", f"--kubeconfig={broken}", folder=workspace)

    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_scrape_prints_what_the_running_exporter_shows(
    cluster: Cluster, exporter: Exporter, workspace: Path, kubeconfig: Path, shop: str
) -> None:
    """`scrape` on the live cluster has the counts that kubectl's objects give."""
    groups = "--groups=ports,topology,slices"
    done = run_command("scrape", groups, f"--kubeconfig={kubeconfig}", folder=workspace)

    assert done.returncode == 0, done.stderr
    got = select_families(parse_samples(done.stdout), shop)
    wanted = cluster.expect_samples(shop)
    assert got == wanted, explain_difference(got, wanted)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_dump_by_kubectl_gives_the_same_samples_as_the_live_cluster(
    cluster: Cluster, exporter: Exporter, workspace: Path, shop: str, form: str
) -> None:
    """`scrape --from-file` of a real `kubectl get … -A -o json|yaml` equals the live exposition."""
    dump = workspace / f"dump.{form}"
    groups = "--groups=ports,topology,slices,pods,addresses,compatibility"

    def compare() -> bool:
        # Something may have changed between the dump and the scrape: then both are taken again.
        live = keep_state(exporter.read_samples())
        dump.write_text(cluster.kubectl.run("get", DUMPED, "-A", "-o", form), encoding="utf-8")
        done = run_command("scrape", groups, f"--from-file={dump}", folder=workspace)
        assert done.returncode == 0, done.stderr
        offline = keep_state(parse_samples(done.stdout))
        here = {key: value for key, value in live.items() if key[0] in {k[0] for k in offline}}
        assert any(dict(labels).get("namespace") == shop for _, labels in offline)
        assert offline == here, explain_difference(offline, here)
        return True

    wait_until("the dump and the live exposition are the same", compare, deadline=30, pause=0.5)


def test_a_dump_from_stdin_is_listed_without_a_server(
    cluster: Cluster, workspace: Path, shop: str
) -> None:
    """`kubectl get … -o json | get --from-file -` needs no API server at all."""
    dump = cluster.kubectl.run("get", "services,endpointslices", "-n", shop, "-o", "json")

    done = run_command("get", "-A", "--from-file", "-", folder=workspace, given=dump)

    assert done.returncode == 0, done.stderr
    assert "2/2" in done.stdout
    assert "NoEndpoints" in done.stdout
