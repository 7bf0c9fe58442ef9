"""`kubectl endpoints …` under the real kubectl, and folders that the real kubectl writes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.e2e.harness.exporter import Exporter, make_environment, run_command
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.watching import Cluster, wait_for_service, wait_for_truth
from tools.krew import describe, pack


@pytest.fixture
def shop(cluster: Cluster, exporter: Exporter, namespace: str) -> str:
    """A namespace with a healthy Service and a broken one."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web"),
        make_service(namespace, "cart", selector={"app": "nothing"}),
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
    wait_for_service(exporter, namespace, "cart", {"reason": "SelectorMatchesNoPods"})
    wait_for_truth(cluster, exporter)
    return namespace


def run_kubectl(
    cluster: Cluster, folder: Path, found_in: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run kubectl where plugins are found in a folder; as a user does, by KUBECONFIG."""
    return subprocess.run(
        [cluster.kubectl.binary, *words],
        env={
            **make_environment(folder),
            "PATH": f"{found_in}:/usr/bin:/bin",
            "KUBECONFIG": str(cluster.kubectl.kubeconfig),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


#: What was made a moment ago counts, too.
NEW = "--grace-period=0s"
#: Where pip has put the entry points, kubectl-endpoints among them.
SCRIPTS = Path(sys.executable).parent


def test_kubectl_runs_it_as_a_plugin(cluster: Cluster, workspace: Path, shop: str) -> None:
    """It is found by its name, given the words, and kubectl ends with its status."""
    listed = run_kubectl(cluster, workspace, SCRIPTS, "plugin", "list")
    assert str(SCRIPTS / "kubectl-endpoints") in listed.stdout
    done = run_kubectl(
        cluster, workspace, SCRIPTS, "endpoints", "get", "svc/web", "-n", shop, "-o", "json"
    )
    assert done.returncode == 0, done.stderr
    (item,) = json.loads(done.stdout)["items"]
    assert (item["namespace"], item["service"], item["ready"]) == (shop, "web", 2)
    explained = run_kubectl(
        cluster, workspace, SCRIPTS, "endpoints", "explain", "-n", shop, "cart", NEW
    )
    assert explained.returncode == 1, explained.stderr
    assert "SelectorMatchesNoPods" in explained.stdout


def test_kubectl_completes_names_of_services(cluster: Cluster, workspace: Path, shop: str) -> None:
    """TAB after `kubectl endpoints explain -n …` offers the Services of the live cluster."""
    done = run_kubectl(
        cluster, workspace, SCRIPTS, "__complete", "endpoints", "explain", "-n", shop, ""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["cart", "web", ":4"]


def test_the_krew_archive_is_a_plugin(cluster: Cluster, workspace: Path, shop: str) -> None:
    """Unpacked as its manifest says, and linked as krew does, kubectl runs it."""
    archive = pack()
    spec = describe(archive, "https://example.com")["spec"]
    assert isinstance(spec, dict)
    (platform,) = spec["platforms"]
    store, found_in = workspace / "store", workspace / "krew-bin"
    found_in.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        for file in platform["files"]:
            packed.extract(file["from"], store / file["to"], filter="data")
    (found_in / "kubectl-endpoints").symlink_to(store / platform["bin"])
    (found_in / "kube-endpoints-exporter").symlink_to(SCRIPTS / "kube-endpoints-exporter")
    done = run_kubectl(cluster, workspace, found_in, "endpoints", "check", "-n", shop, NEW)
    assert done.returncode == 1, done.stderr
    assert f"{shop}/cart" in done.stdout


def test_a_folder_of_cluster_info_dump_is_read(
    cluster: Cluster, workspace: Path, shop: str
) -> None:
    """`kubectl cluster-info dump --output-directory`, with slices laid beside, tells the same."""
    folder = workspace / "info"
    shutil.rmtree(folder, ignore_errors=True)
    cluster.kubectl.run(
        "cluster-info", "dump", "--namespaces", shop, f"--output-directory={folder}", deadline=120
    )
    without = run_command("check", "-n", shop, "--from-file", folder, folder=workspace)
    assert without.returncode == 2, without.stdout
    assert "holds no EndpointSlice and no EndpointSliceList" in without.stderr
    slices = cluster.kubectl.run("get", "endpointslices", "-n", shop, "-o", "yaml")
    (folder / shop / "anything.txt").write_text(slices, encoding="utf-8")
    done = run_command("get", "-o", "json", "--from-file", folder, folder=workspace)
    assert done.returncode == 0, done.stderr
    ready = {item["service"]: item["ready"] for item in json.loads(done.stdout)["items"]}
    assert (ready["web"], ready["cart"]) == (2, 0)


def test_what_cluster_info_dump_prints_is_read(
    cluster: Cluster, workspace: Path, shop: str
) -> None:
    """The same on stdout, JSON and logs one after the other, is read as it is."""
    printed = cluster.kubectl.run("cluster-info", "dump", "--namespaces", shop, deadline=120)
    slices = cluster.kubectl.run("get", "endpointslices", "-n", shop, "-o", "json")
    done = run_command(
        "get", "-o", "json", "--from-file", "-", folder=workspace, given=printed + slices
    )
    assert done.returncode == 0, done.stderr
    ready = {item["service"]: item["ready"] for item in json.loads(done.stdout)["items"]}
    assert (ready["web"], ready["cart"]) == (2, 0)


def test_the_environment_has_no_other_program() -> None:
    """The plugin under test is the one of this environment."""
    assert os.access(SCRIPTS / "kubectl-endpoints", os.X_OK)
