"""One control plane, one exporter and one Prometheus for the whole run; namespaces for each test.

A tool that is missing is a failure, never a skip. What a failing test used adds the end of its log
to the report.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness.access import Access
from tests.e2e.harness.control_plane import ControlPlane
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK, Process
from tests.e2e.manifests import make_namespace
from tests.e2e.releases import HOME, Release, install_custom_kinds
from tests.e2e.staging import STAGED_NODE
from tests.e2e.watching import Cluster

ALL_METRIC_GROUPS = "ports,topology,slices,changes,pods,dependents,labels,addresses,compatibility"
# Quick looks first; what shakes the control plane after them; the verdict of Prometheus at the end.
ORDER = (
    "test_services",
    "test_commands",
    "test_modes",
    "test_reasons",
    "test_dependents",
    "test_permissions",
    "test_outages",
    "test_prometheus",
)
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules in ORDER; a module that is not listed comes before the last one."""

    def place(item: pytest.Item) -> int:
        module = item.path.stem
        return ORDER.index(module) if module in ORDER else len(ORDER) - 2

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the ends of the logs of all processes that a failed test asked for."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for process in _find_processes(item.funcargs.values()):
            report.sections.append((f"log of {process.name}", process.read_tail(12)))
    return report


def _find_processes(fixtures: object) -> list[Process]:
    found: dict[str, Process] = {}
    assert hasattr(fixtures, "__iter__")
    for fixture in fixtures:
        if isinstance(fixture, Cluster):
            own = fixture.plane.list_processes()
        elif isinstance(fixture, Exporter | Prometheus):
            own = [fixture.process]
        elif isinstance(fixture, Process):
            own = [fixture]
        else:
            own = []
        found.update({process.name: process for process in own})
    return list(found.values())


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all data, logs and kubeconfigs of this run."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def cluster(workspace: Path) -> Iterator[Cluster]:
    """A control plane with three Nodes in three zones, and one whose Pods the tests write."""
    with ControlPlane(workspace / "cluster") as plane:
        for number, zone in enumerate(("zone-a", "zone-b", "zone-c"), start=1):
            plane.add_node(f"node-{number}", zone=zone, number=number)
        plane.add_node(STAGED_NODE, zone="zone-a", number=200, managed=False)
        yield Cluster(plane)


@pytest.fixture(scope="session")
def access(cluster: Cluster, workspace: Path) -> Access:
    """The documented ServiceAccount with every group of the documented RBAC."""
    account = Access(cluster.plane, workspace / "account")
    account.create()
    return account


@pytest.fixture(scope="session")
def kubeconfig(access: Access) -> Path:
    """A kubeconfig with a token of the documented ServiceAccount, in a token file."""
    return access.write_kubeconfig(token_file=True)


@pytest.fixture(scope="session")
def exporter(workspace: Path, kubeconfig: Path) -> Iterator[Exporter]:
    """The exporter as documented, in watch mode with all groups, over the whole run."""
    flags = ["--sync=watch", "--interval=1", f"--groups={ALL_METRIC_GROUPS}"]
    with Exporter("exporter", workspace, kubeconfig=kubeconfig, flags=flags) as running:
        running.wait_until_ready(60)
        yield running


@pytest.fixture(scope="session", autouse=True)
def prometheus(workspace: Path, exporter: Exporter) -> Iterator[Prometheus]:
    """A real Prometheus that scrapes the exporter every second over the whole run."""
    targets = {"kube-endpoints-exporter": [f"{LOOPBACK}:{exporter.port}"]}
    with Prometheus(workspace / "prometheus", targets=targets) as running:
        yield running


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own, gone afterwards."""
    name = f"e2e-{next(_numbers)}"
    cluster.kubectl.apply(make_namespace(name))
    yield name
    cluster.kubectl.delete(f"namespace/{name}")


@pytest.fixture(scope="session")
def home(cluster: Cluster) -> str:
    """The namespace of the releases, under the enforced Pod security standard `restricted`."""
    manifest = make_namespace(HOME)
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    manifest["metadata"]["labels"] = enforce
    cluster.kubectl.apply(manifest)
    return HOME


@pytest.fixture
def release(cluster: Cluster, home: str, request: pytest.FixtureRequest) -> Iterator[Release]:
    """A release that is gone after the test."""
    name = "r" + "".join(one for one in request.node.name.lower() if one.isalnum())[-20:]
    running = Release(cluster, name)
    yield running
    running.remove()


@pytest.fixture(scope="session")
def custom_kinds(cluster: Cluster) -> None:
    """The definitions of Prometheus Operator's and the autoscaler's kinds, as they publish them."""
    install_custom_kinds(cluster)
