"""Each alert, from what happens in a cluster to a real Alertmanager.

Simulated clusters, the exporter, Prometheus with the rule files and Alertmanager with the example.
Time is compressed: waiting times become seconds, and what fired once keeps firing, so that what
came and went can be looked at together. Expressions stay as they are, but for how old is stale and
how many errors are many.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.boards.links import GRAFANA
from tests.contract.rules import ALERTS, read_alerts
from tests.e2e.harness.exporter import make_environment
from tests.e2e.harness.monitoring import Alertmanager, Prometheus
from tests.e2e.harness.processes import LOOPBACK, Process, choose_port
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request

EXAMPLE = ALERTS / "alertmanager.example.yaml"
RUNBOOKS = "/docs/runbooks/{}.md"
# How long a state has to last in compressed time, where a second is too little: a scenario passes
# through states that are none of the faults that it is about.
WAITS = {
    "KubeServiceNeverReady": "8s",
    "KubeServiceLostAllEndpoints": "4s",
    "KubeServiceTerminatingStuck": "20s",
}
SCENARIOS = (
    "annotations",
    "dependents",
    "dual-stack",
    "external-name",
    "frozen-slices",
    "lb-pending",
    "local-policy-gap",
    "manual-slices",
    "node-lost",
    "one-port-missing",
    "orphan-slices",
    "quota-exceeded",
    "reason-all-pods-terminating",
    "reason-crash-loop",
    "reason-scaled-to-zero",
    "routes-callers",
    "routes-ingress",
    "scale-to-zero",
    "selector-typo",
    "service-deleting",
    "stale-slice",
    "traffic-local",
    "web-shop",
    "zone-lost",
)
# The alert that each scenario is for: name, severity, and the labels of its own.
EXPECTED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("KubeServiceLostAllEndpoints", "critical", {"namespace": "edge", "service": "camera"}),
    ("KubeServiceNeverReady", "warning", {"namespace": "payments", "service": "export"}),
    ("KubeServiceSelectorMatchesNothing", "warning", {"namespace": "shop", "service": "checkout"}),
    ("KubeServicePodsNotCreated", "warning", {"namespace": "tenant", "service": "none"}),
    ("KubeServiceReplicasMissing", "warning", {"namespace": "tenant", "service": "some"}),
    ("KubeServiceDegraded", "warning", {"namespace": "games", "service": "lobby"}),
    ("KubeServiceBelowMinReady", "warning", {"namespace": "notes", "service": "quorum"}),
    ("KubeServiceLostRedundancy", "warning", {"namespace": "edge", "service": "relay"}),
    (
        "KubeServicePortWithoutEndpoints",
        "warning",
        {
            "namespace": "payments",
            "service": "ledger",
            "port_name": "metrics",
            "protocol": "TCP",
            "port": "9090",
        },
    ),
    (
        "KubeServiceFamilyWithoutEndpoints",
        "warning",
        {"namespace": "media", "service": "stream", "address_type": "IPv6"},
    ),
    ("KubeServiceTerminatingStuck", "warning", {"namespace": "batch", "service": "hang"}),
    ("KubeServiceLoadBalancerPending", "warning", {"namespace": "public", "service": "landing"}),
    (
        "KubeServiceEndpointsLagging",
        "warning",
        {"namespace": "iot", "service": "rules", "kind": "PodGone"},
    ),
    ("KubeServiceEndpointsTruncated", "warning", {"namespace": "erp", "service": "devices"}),
    ("KubeEndpointSlicesOrphaned", "info", {"namespace": "graveyard"}),
    ("KubeEndpointSlicesUnlabelled", "info", {"namespace": "graveyard"}),
    ("KubeEndpointSlicesFrozen", "info", {"namespace": "legacy"}),
    (
        "KubeServiceZoneLost",
        "warning",
        {"namespace": "cdn", "service": "cache", "zone": "cdn-a"},
    ),
    ("KubeServiceOnSingleNode", "info", {"namespace": "edge", "service": "camera"}),
    ("KubeServiceInSingleZone", "info", {"namespace": "edge", "service": "relay"}),
    ("KubeServiceTrafficPolicyBlackHole", "warning", {"namespace": "rim", "service": "ingress"}),
    (
        "KubeServiceFlapping",
        "warning",
        {"cluster": "hasty", "namespace": "games", "service": "lobby"},
    ),
    (
        "KubeServiceDeadWithDependents",
        "warning",
        {"namespace": "front", "service": "policy", "kind": "ValidatingWebhookConfiguration"},
    ),
    (
        "KubeRouteBackendMissing",
        "critical",
        {"kind": "Ingress", "namespace": "doors", "name": "dead"},
    ),
    (
        "KubeWebhookBackendDown",
        "critical",
        {
            "kind": "ValidatingWebhookConfiguration",
            "name": "admission",
            "failure_policy": "Fail",
        },
    ),
    (
        "KubeMonitorSelectsNothing",
        "warning",
        {"kind": "ServiceMonitor", "namespace": "watched", "name": "blind"},
    ),
    ("KubeServiceErrorBudgetFastBurn", "critical", {"namespace": "edge", "service": "camera"}),
    ("KubeServiceErrorBudgetSlowBurn", "warning", {"namespace": "edge", "service": "camera"}),
)
# Zeros that somebody meant, and Services that somebody wants left alone.
SILENT = {
    ("batch", "reports"),  # scaled to zero and up again
    ("legacy", "mainframe"),  # no selector, no endpoints
    ("notes", "parked"),  # annotated `ignore`
    ("platform", "old-gateway"),  # being deleted
    ("public", "mail"),  # ExternalName
    ("shop", "catalog"),  # healthy
}
# An objective as an annotation; the simulated cluster has no Service that asks for one.
OBJECTIVE = """\
k8s_service_annotations{namespace="edge",service="camera",\
annotation_endpoints_exporter_io_slo="99.9"} 1
"""
# A simulated cluster whose Pods nobody may read and where a Service flaps, on the port given.
FORBIDDING = """
import asyncio, sys
from exporter.sim.access import Deny
from exporter.sim.simulation import Plan, simulate

async def serve():
    scenarios = ("pods-forbidden", "churn")
    plan = Plan(scenarios=scenarios, repeat=True, port=int(sys.argv[1]))
    async with simulate(plan) as server:
        server.access.deny(Deny("pods"))
        await asyncio.Event().wait()

asyncio.run(serve())
"""
REJECTED = 'endpoints_exporter_objects_rejected_total{resource="endpointslices"} 2\n'


def compress_rules(folder: Path, *, stale: int, patience: str) -> list[Path]:
    """Write the rule files with seconds for minutes; return their paths.

    `stale` is after how many seconds of silence data is old; `patience` how long the alerts on the
    exporter itself wait.
    """
    folder.mkdir(parents=True)
    written = []
    for path in sorted(ALERTS.glob("*.rules.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            for rule in group["rules"]:
                if "alert" not in rule:
                    continue
                if path.name == "exporter.rules.yaml":
                    for sign in "<>":
                        rule["expr"] = rule["expr"].replace(f"{sign} 600", f"{sign} {stale}")
                    # Tries come further and further apart; nobody waits for six of them here.
                    rule["expr"] = rule["expr"].replace("> 5", "> 1")
                    rule["for"] = patience
                else:
                    rule["for"] = WAITS.get(rule["alert"], "1s")
                    rule["keep_firing_for"] = "1h"
        target = folder / path.name
        target.write_text(json.dumps(document), encoding="utf-8")
        written.append(target)
    return written


@contextmanager
def serve_page(text: str) -> Iterator[str]:
    """Serve a fixed page of metrics; give its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((LOOPBACK, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"{LOOPBACK}:{server.server_port}"
        server.shutdown()
        thread.join()


def run_program(folder: Path, name: str, *words: str) -> Process:
    """One command of the exporter as a process."""
    command = [sys.executable, "-m", "exporter", *words, "--log.format=json"]
    return Process(name, command, log_folder=folder, environment=make_environment(folder))


def wait_for_page(process: Process, url: str) -> None:
    """Wait until a process answers at an address."""

    def answers() -> bool:
        process.check_running()
        return bool(send_request(url))

    wait_until(f"{process.name} answers", answers, deadline=60)


def list_arrived(alertmanager: Alertmanager) -> dict[str, dict[str, Any]]:
    """All alerts there, by their labels written as sorted JSON."""
    return {
        json.dumps(alert["labels"], sort_keys=True): alert for alert in alertmanager.list_alerts()
    }


def list_broken_rules(prometheus: Prometheus) -> list[str]:
    """The rules that could not be evaluated, with what Prometheus says of them."""
    groups = json.loads(send_request(f"{prometheus.url}/api/v1/rules"))["data"]["groups"]
    return [
        f"{rule['name']}: {rule.get('lastError')}"
        for group in groups
        for rule in group["rules"]
        if rule["health"] == "err"
    ]


class Stack:
    """Prometheus and Alertmanager over some targets."""

    def __init__(self, prometheus: Prometheus, alertmanager: Alertmanager) -> None:
        self.prometheus = prometheus
        self.alertmanager = alertmanager


def start_stack(
    exits: ExitStack,
    folder: Path,
    targets: Mapping[str, Sequence[str]],
    further: Sequence[dict[str, Any]],
    *,
    stale: int,
    patience: str,
) -> Stack:
    """Start both with the compressed rules and the example; `further` are scrape configurations."""
    alertmanager = exits.enter_context(Alertmanager(folder / "alertmanager", EXAMPLE))
    prometheus = Prometheus(
        folder / "prometheus",
        targets=targets,
        rules=compress_rules(folder / "rules", stale=stale, patience=patience),
        alertmanagers=[alertmanager.address],
    )
    config = folder / "prometheus" / "prometheus.json"
    document = json.loads(config.read_text(encoding="utf-8"))
    document["scrape_configs"] += further
    config.write_text(json.dumps(document), encoding="utf-8")
    return Stack(exits.enter_context(prometheus), alertmanager)


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Clusters in which everything goes wrong that there is an alert for, four times as fast."""
    folder = tmp_path_factory.mktemp("alerts")
    ports = [choose_port() for _ in range(4)]
    demos = (
        # A minute of a rollout is half an hour's worth of changes here.
        (*SCENARIOS, "--speed=4", "--no-groups=changes"),
        ("churn", "--speed=0.5", "--no-groups=changes"),
        ("legacy-truncated", "--source=endpoints"),
        ("churn", "--speed=20"),
    )
    with ExitStack() as exits:
        page = exits.enter_context(serve_page(OBJECTIVE))
        addresses = [f"{LOOPBACK}:{port}" for port in ports]
        targets = {
            # Scraped as two replicas.
            "demo-0": [addresses[0], f"localhost:{ports[0]}"],
            "demo-1": [addresses[1]],
            "demo-2": [addresses[2]],
            "objective": [page],
        }
        hasty = {
            "job_name": "hasty",
            "honor_labels": True,
            "static_configs": [{"targets": [addresses[3]], "labels": {"cluster": "hasty"}}],
        }
        stack = start_stack(exits, folder, targets, [hasty], stale=600, patience="1m")
        # Last: what happens in their first seconds is to be seen too.
        for number, (address, words) in enumerate(zip(addresses, demos, strict=True)):
            web = f"--web.listen-address={address}"
            exits.enter_context(run_program(folder, f"demo-{number}", "demo", *words, web))
        yield stack


@pytest.mark.parametrize(
    "name, severity, labels", EXPECTED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_alert_arrives_from_its_scenario(
    lively: Stack, name: str, severity: str, labels: dict[str, str]
) -> None:
    """With exactly its labels, one for two replicas, and with links and words filled in."""
    key = json.dumps({"alertname": name, "severity": severity, **labels}, sort_keys=True)

    def has_arrived() -> dict[str, Any] | None:
        arrived = list_arrived(lively.alertmanager)
        assert key in arrived, sorted(k for k in arrived if f'"{name}"' in k)
        return arrived[key]

    alert = wait_until(f"{name} at Alertmanager", has_arrived, deadline=240, pause=0.5)
    assert alert is not None
    notes = alert["annotations"]
    assert notes["runbook_url"].endswith(RUNBOOKS.format(name))
    assert notes["dashboard_url"].startswith(f"{GRAFANA}/d/kube-endpoints-")
    for label in ("namespace", "service"):
        assert labels.get(label, "") in notes["summary"]
        assert labels.get(label, "") in notes["dashboard_url"]
    text = notes["summary"] + notes["description"]
    assert not any(mark in text for mark in ("{{", "<no value>", "<error", "%!"))


def test_the_reason_is_told(lively: Stack) -> None:
    """The description holds the reason of the moment and since when, looked up by the template."""
    labels = {"namespace": "payments", "service": "export"}
    key = {"alertname": "KubeServiceNeverReady", "severity": "warning", **labels}

    def description() -> str:
        alert = list_arrived(lively.alertmanager)[json.dumps(key, sort_keys=True)]
        return str(alert["annotations"]["description"])

    assert "The reason is CrashLoopBackOff." in description()


def test_intended_zeros_have_been_silent(lively: Stack) -> None:
    """In all this time nothing was said of what is meant to be as it is, and no rule failed."""
    about = {
        (alert["labels"].get("namespace"), alert["labels"].get("service"))
        for alert in [*lively.alertmanager.list_alerts(), *lively.prometheus.list_alerts()]
        if alert["labels"]["severity"] != "info" and alert.get("state", "firing") == "firing"
    }
    assert about & SILENT == set()
    known = lively.prometheus.query("count by (namespace, service) (k8s_service_info)")
    shown = {(series["metric"]["namespace"], series["metric"]["service"]) for series in known}
    assert shown >= SILENT
    assert list_broken_rules(lively.prometheus) == []


def test_nothing_is_said_of_an_exporter_that_works(lively: Stack) -> None:
    """None of the alerts on the exporter is among those that fired."""
    names = {alert["labels"]["alertname"] for alert in lively.alertmanager.list_alerts()}
    assert {name for name in names if name.startswith("EndpointsExporter")} == set()


def test_what_has_lost_everything_is_inhibited_otherwise(lively: Stack) -> None:
    """While a Service has lost all endpoints its other alerts are held back by that one."""
    arrived = list_arrived(lively.alertmanager)
    about = [
        alert
        for alert in arrived.values()
        if alert["labels"].get("service") == "camera" and alert["labels"]["namespace"] == "edge"
    ]
    lost = [a for a in about if a["labels"]["alertname"] == "KubeServiceLostAllEndpoints"]
    others = [a for a in about if a["labels"]["alertname"] != "KubeServiceLostAllEndpoints"]
    assert [alert["status"]["state"] for alert in lost] == ["active"]
    assert others
    assert {tuple(alert["status"]["inhibitedBy"]) for alert in others} == {
        (lost[0]["fingerprint"],)
    }


def wait_for_alert(stack: Stack, name: str, **labels: str) -> dict[str, Any]:
    """Wait until an alert with at least these labels is at Alertmanager."""

    def find() -> dict[str, Any] | None:
        alerts = stack.alertmanager.list_alerts()
        for alert in alerts:
            own = alert["labels"]
            if own["alertname"] == name and labels.items() <= own.items():
                found: dict[str, Any] = alert
                return found
        names = sorted({alert["labels"]["alertname"] for alert in alerts})
        raise AssertionError(f"there are {names}")

    alert = wait_until(f"{name} {labels}", find, deadline=240, pause=0.5)
    assert alert is not None
    return alert


def test_the_exporter_tells_when_it_can_not_be_trusted(tmp_path: Path) -> None:
    """Forbidden, rejected, renamed, unheard; then the API server goes, then one exporter each."""
    folder = tmp_path
    api, watching, waiting = choose_port(), choose_port(), choose_port()
    config = folder / "kubeconfig"
    config.write_text(
        json.dumps(
            {
                "current-context": "sim",
                "clusters": [
                    {"name": "sim", "cluster": {"server": f"http://{LOOPBACK}:{api}"}},
                    {"name": "gone", "cluster": {"server": f"http://{LOOPBACK}:1"}},
                ],
                "users": [{"name": "somebody", "user": {}}],
                "contexts": [
                    {"name": "sim", "context": {"cluster": "sim", "user": "somebody"}},
                    {"name": "gone", "context": {"cluster": "gone", "user": "somebody"}},
                ],
            }
        ),
        encoding="utf-8",
    )

    def run_exporter(name: str, context: str, port: int) -> Process:
        where = (f"--kubeconfig={config}", f"--context={context}")
        nobody = (f"--notify.url=http://{LOOPBACK}:1/", "--notify.interval=0.5s")
        listen = f"--web.listen-address={LOOPBACK}:{port}"
        return run_program(folder, name, "run", *where, *nobody, listen)

    renamed = {
        "job_name": "renamed",
        "static_configs": [
            {
                "targets": [f"{LOOPBACK}:{watching}"],
                "labels": {"namespace": "monitoring", "service": "exporter"},
            }
        ],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "k8s_service_info", "action": "keep"}
        ],
    }
    with ExitStack() as exits:
        simulator = exits.enter_context(
            Process("simulator", [sys.executable, "-c", FORBIDDING, str(api)], log_folder=folder)
        )
        wait_for_page(simulator, f"http://{LOOPBACK}:{api}/api/v1/services?limit=1")
        watcher = exits.enter_context(run_exporter("watcher", "sim", watching))
        wait_for_page(watcher, f"http://{LOOPBACK}:{watching}/readyz")
        waiter = exits.enter_context(run_exporter("waiter", "gone", waiting))
        wait_for_page(waiter, f"http://{LOOPBACK}:{waiting}/livez")
        page = exits.enter_context(serve_page(REJECTED))
        own = f"{LOOPBACK}:{watching}"
        targets = {"watcher": [own], "waiter": [f"{LOOPBACK}:{waiting}"], "rejected": [page]}
        stack = start_stack(exits, folder, targets, [renamed], stale=15, patience="1s")

        wait_for_alert(stack, "EndpointsExporterForbidden", resource="pods", instance=own)
        wait_for_alert(stack, "EndpointsExporterObjectsRejected", resource="endpointslices")
        wait_for_alert(stack, "EndpointsExporterLabelsRenamed", job="renamed")
        wait_for_alert(stack, "EndpointsExporterNotTelling", instance=own, sink="webhook")
        wait_for_alert(stack, "EndpointsExporterNotSynced", job="waiter", resource="services")
        wait_for_alert(stack, "EndpointsExporterAPIErrors", job="waiter", resource="services")
        simulator.kill()
        wait_for_alert(stack, "EndpointsExporterStale", job="watcher", resource="services")
        wait_for_alert(stack, "EndpointsExporterBlind", severity="critical")
        watcher.stop()
        wait_for_alert(stack, "EndpointsExporterDown", job="watcher", instance=own)
        waiter.stop()
        wait_for_alert(stack, "EndpointsExporterAbsent", severity="critical")
        assert list_broken_rules(stack.prometheus) == []


def test_every_alert_is_among_those_above() -> None:
    """No alert is left out of the way from a cluster to Alertmanager."""
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [alert.name for alert in read_alerts() if f'"{alert.name}"' not in text]
    assert missing == []


def make_alert(name: str, severity: str = "warning", **labels: str) -> dict[str, Any]:
    """An alert as Prometheus would post it."""
    return {"labels": {"alertname": name, "severity": severity, **labels}}


def test_inhibition_holds_back_what_it_should_and_no_more(tmp_path: Path) -> None:
    """Posted alerts are inhibited by the ones that explain them: same cluster, same Service."""
    web = {"namespace": "shop", "service": "web"}
    posted = {
        # In prod a Service has lost everything.
        "lost": make_alert("KubeServiceLostAllEndpoints", "critical", cluster="prod", **web),
        "same": make_alert("KubeServiceDegraded", cluster="prod", **web),
        "burn": make_alert("KubeServiceErrorBudgetFastBurn", "critical", cluster="prod", **web),
        "other": make_alert("KubeServiceDegraded", cluster="prod", namespace="shop", service="b"),
        "few": make_alert(
            "KubeServiceBelowMinReady", cluster="prod", namespace="shop", service="b"
        ),
        "foreign": make_alert("TargetDown", cluster="prod", **web),
        # In dev nobody knows anything.
        "blind": make_alert("EndpointsExporterBlind", "critical", cluster="dev"),
        "stale": make_alert("EndpointsExporterStale", cluster="dev", instance="a"),
        "down": make_alert("KubeServiceLostAllEndpoints", "critical", cluster="dev", **web),
        "slices": make_alert("KubeEndpointSlicesOrphaned", "info", cluster="dev", namespace="a"),
        # Without a cluster label: the labels were renamed.
        "renamed": make_alert("EndpointsExporterLabelsRenamed", job="endpoints"),
        "wrong": make_alert("KubeServiceNeverReady", namespace="monitoring", service="exporter"),
    }
    with Alertmanager(tmp_path / "alertmanager", EXAMPLE) as alertmanager:
        alertmanager.post_alerts(list(posted.values()))

        def read() -> dict[str, set[str]]:
            there = list_arrived(alertmanager)
            keys = {
                name: json.dumps(alert["labels"], sort_keys=True) for name, alert in posted.items()
            }
            names = {there[key]["fingerprint"]: name for name, key in keys.items()}
            return {
                name: {names[mark] for mark in there[key]["status"]["inhibitedBy"]}
                for name, key in keys.items()
            }

        def is_settled() -> bool:
            assert read() == {
                "lost": set(),
                "same": {"lost"},
                "burn": {"lost"},
                "other": set(),
                "few": {"other"},
                "foreign": set(),
                "blind": set(),
                "stale": {"blind"},
                "down": {"blind"},
                "slices": {"blind"},
                "renamed": set(),
                "wrong": {"renamed"},
            }
            return True

        wait_until("the inhibitions", is_settled, deadline=60)
