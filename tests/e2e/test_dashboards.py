"""Every query of every board, run by a real Prometheus that scrapes the real exporter."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from grafana.alerting import FILE as ALERTING
from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.demo import run_demo, wait_for_readiness
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK, choose_port
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import StatusError, send_request
from tests.e2e.watching import Cluster

BOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((REPOSITORY / "alerts").glob("*.rules.yaml"))
#: Scenarios that together have something to show on every panel.
SCENARIOS = (
    "demo",
    "reason-all-pods-terminating",
    "scale-to-zero",
    "rollout",
    "zone-lost",
    "stale-slice",
    "one-port-missing",
    "orphan-slices",
    "traffic-local",
    "topology-hints",
    "many-addresses",
    "routes-ingress",
    "routes-gateway",
)
#: With the seconds between two points, for what happens in the last minutes.
SHOWN = 300
STEP = 5
GRAFANA = {
    "$__rate_interval": "20s",
    "$__interval": f"{STEP}s",
    "$__range_s": str(SHOWN),
    "$__range": f"{SHOWN}s",
}
SLO = "endpoints-exporter.io/slo"


class Query(msgspec.Struct, frozen=True):
    """One query of a board: where it stands, its text, whether it is asked for one moment."""

    where: str
    text: str
    instant: bool = False


def read_queries(path: Path) -> list[Query]:
    """Return the queries of all panels and annotations of a board."""
    board = json.loads(path.read_text(encoding="utf-8"))
    found = [
        Query(f"{panel['title']} {target['refId']}", target["expr"], target["instant"])
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]
    return found + [
        Query(annotation["name"], annotation["expr"])
        for annotation in board["annotations"].get("list", ())
    ]


def read_variables(path: Path) -> list[tuple[str, str]]:
    """Return (selector, label) of each variable that asks for the values of a label."""
    board = json.loads(path.read_text(encoding="utf-8"))
    found = []
    for variable in board["templating"]["list"][1:]:
        parts = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert parts is not None, variable
        found.append((parts[1], parts[2]))
    return found


def fill(text: str, chosen: Mapping[str, str]) -> str:
    """Put values in place of Grafana's variables, All in place of those not chosen."""
    for name, value in GRAFANA.items():
        text = text.replace(name, value)
    return re.sub(r"\$([a-z]\w*)", lambda found: chosen.get(found[1], ".*"), text)


def ask(prometheus: Prometheus, query: Query, chosen: Mapping[str, str]) -> list[Any]:
    """Run a query as Grafana would; return its series. StatusError when it is refused."""
    now = time.time()
    parameters = {"query": fill(query.text, chosen)}
    if query.instant:
        path = "query"
    else:
        path = "query_range"
        parameters |= {"start": str(now - SHOWN), "end": str(now), "step": str(STEP)}
    url = f"{prometheus.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    answer = json.loads(send_request(url))
    assert answer["status"] == "success", answer
    assert not answer.get("warnings"), answer["warnings"]
    series: list[Any] = answer["data"]["result"]
    return series


def list_values(prometheus: Prometheus, selector: str, label: str) -> list[str]:
    """Run the query of a variable as Grafana would."""
    parameters = urllib.parse.urlencode({"match[]": fill(selector, {})})
    url = f"{prometheus.url}/api/v1/label/{label}/values?{parameters}"
    values: list[str] = json.loads(send_request(url))["data"]
    return values


@pytest.fixture(scope="module")
def with_objective(workspace: Path, cluster: Cluster, kubeconfig: Path) -> Iterator[Exporter]:
    """The exporter over the real API server, where a Service has an error budget."""
    namespace = "dashboards"
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "budgeted",
            "namespace": namespace,
            "annotations": {SLO: "99.9"},
        },
        "spec": {"selector": {"app": "budgeted"}, "ports": [{"name": "http", "port": 80}]},
    }
    cluster.kubectl.apply(manifest)
    cluster.kubectl.apply(service)
    # Whom it tells of changes is not there: what becomes of them is counted all the same.
    telling = ["--notify.url=http://127.0.0.1:1/", "--events"]
    flags = [f"--annotations-allowlist={SLO}", f"--namespaces={namespace}", *telling]
    with Exporter("budgets", workspace, kubeconfig=kubeconfig, flags=flags) as running:
        running.wait_until_ready(60)
        yield running
    cluster.kubectl.delete(f"namespace/{namespace}")


def hasten(path: Path, folder: Path) -> Path:
    """A copy of a rule file whose alerts wait for a second, so that some fire while we look."""
    text = re.sub(r"\bfor: \w+", "for: 1s", path.read_text(encoding="utf-8"))
    copy = folder / path.name
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def rich(workspace: Path, with_objective: Exporter) -> Iterator[Prometheus]:
    """A Prometheus that has scraped a lively cluster, twice as two replicas would be, and rules."""
    folder = workspace / "rich"
    folder.mkdir()
    port = choose_port()
    with ExitStack() as exits:
        demo = exits.enter_context(run_demo(folder, "rich-demo", SCENARIOS, port))
        wait_for_readiness(demo, port)
        targets = {
            "endpoints": [f"{LOOPBACK}:{port}", f"localhost:{port}"],
            "budgets": [f"{LOOPBACK}:{with_objective.port}"],
        }
        rules = [hasten(path, folder) for path in RULES]
        yield exits.enter_context(Prometheus(folder / "tsdb", targets=targets, rules=rules))


@pytest.fixture(scope="module")
def empty(workspace: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes an exporter with nothing to see, default groups, no rules."""
    folder = workspace / "empty"
    folder.mkdir()
    port = choose_port()
    flags = ("web-shop", "--namespaces=nowhere", "--no-groups=topology,changes,dependents")
    with ExitStack() as exits:
        demo = exits.enter_context(run_demo(folder, "empty-demo", flags, port))
        wait_for_readiness(demo, port)
        targets = {"endpoints": [f"{LOOPBACK}:{port}"]}
        running = exits.enter_context(Prometheus(folder / "tsdb", targets=targets))
        wait_until(
            "a scrape",
            lambda: running.query("endpoints_exporter_build_info"),
            deadline=30,
        )
        yield running


def find_silent(prometheus: Prometheus, path: Path) -> set[str]:
    """The queries of a board that have no series; any that is refused raises StatusError."""
    return {query.where for query in read_queries(path) if not ask(prometheus, query, {})}


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_each_query_has_data_in_a_lively_cluster(rich: Prometheus, path: Path) -> None:
    """In a cluster with every kind of trouble no panel and no annotation stays empty."""
    # A query that has answered once has shown that it can; what it is about comes and goes.
    silent = {query.where for query in read_queries(path)}

    def is_answered() -> bool:
        silent.intersection_update(find_silent(rich, path) if silent else ())
        assert silent == set()
        return True

    wait_until(f"data for {path.stem}", is_answered, deadline=150, pause=2)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_each_variable_offers_something(rich: Prometheus, path: Path) -> None:
    """Every variable but the cluster, which nobody has named here, has values to choose from."""
    for selector, label in read_variables(path):
        assert bool(list_values(rich, selector, label)) is (label != "cluster"), label


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_no_query_fails_where_nothing_is(empty: Prometheus, path: Path) -> None:
    """With no Service, no further group and no rules, queries answer nothing and none fails."""
    for query in read_queries(path):
        try:
            ask(empty, query, {})
        except StatusError as error:
            pytest.fail(f"{query.where}: {error.body}")
    for selector, label in read_variables(path):
        assert isinstance(list_values(empty, selector, label), list)


def test_nothing_is_green_where_nothing_is_known(empty: Prometheus) -> None:
    """Without Services the numbers of the overview are absent, so that they read 'No data'."""
    [overview] = [path for path in BOARDS if path.stem == "kube-endpoints-overview"]
    counts = {"Services", "Down", "Degraded", "Unknown", "New", "Ready", "Intended"}
    assert {f"{title} A" for title in counts} <= find_silent(empty, overview)


def test_two_replicas_double_nothing(rich: Prometheus) -> None:
    """The same exporter scraped as two replicas gives the numbers of one."""
    [overview] = [path for path in BOARDS if path.stem == "kube-endpoints-overview"]
    [query] = [query for query in read_queries(overview) if query.where == "Services A"]
    instant = Query(query.where, query.text, instant=True)
    wait_until(
        "both replicas",
        lambda: len(rich.query('up{job="endpoints"} == 1')) == 2,
        deadline=30,
    )
    [shown] = ask(rich, instant, {"namespace": "shop"})
    once = rich.query(f'count(k8s_service_info{{namespace="shop",instance=~"{LOOPBACK}:.*"}})')
    assert float(shown["value"][1]) == float(once[0]["value"][1]) > 1


def test_a_drill_down_shows_one_service(rich: Prometheus) -> None:
    """What a link to the Service board chooses is what the board shows."""
    [board] = [path for path in BOARDS if path.stem == "kube-endpoints-service"]
    [timeline] = [one for one in read_queries(board) if one.where == "Standing over time A"]
    chosen = {"namespace": "shop", "service": "catalog"}
    series = wait_until("its state", lambda: ask(rich, timeline, chosen), deadline=30)
    assert [one["metric"] for one in series] == [chosen]


def test_each_alert_that_grafana_evaluates_can_be_asked(rich: Prometheus) -> None:
    """Prometheus takes the query of every rule of the provisioning file, as Grafana sends it."""
    text = ALERTING.read_text(encoding="utf-8").replace("$$", "$")
    groups = yaml.safe_load(text)["groups"]
    queries = [rule["data"][0]["model"] for group in groups for rule in group["rules"]]
    assert len(queries) > 30
    answers = [ask(rich, Query("alert", query["expr"], query["instant"]), {}) for query in queries]
    assert any(answers)
