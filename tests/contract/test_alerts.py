"""Conventions of the rule files, and that alerts, runbooks and boards fit together."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import promql_parser
import pytest
import yaml

from exporter.catalogue import FAMILIES
from exporter.model import INTENDED
from grafana.boards.links import GRAFANA
from tests.contract.rules import (
    ALERTS,
    FILES,
    REPOSITORY,
    Alert,
    Record,
    make_schema,
    read_alerts,
    read_rules,
    read_runbooks,
)
from tools.promql import find_bare_counters, find_problems, find_selectors, infer_labels

RUNBOOK = "https://github.com/kube-endpoints-exporter/kube-endpoints-exporter/blob/main/docs/runbooks/{}.md"
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
# The only alerts that may get somebody out of bed: traffic is lost now, or nobody would notice.
CRITICAL = {
    "KubeServiceLostAllEndpoints",
    "KubeServiceErrorBudgetFastBurn",
    "KubeRouteBackendMissing",
    "KubeWebhookBackendDown",
    "EndpointsExporterAbsent",
    "EndpointsExporterBlind",
}
# What ignored Services have no series of, or only 0.
LEAVE_OUT = {
    "k8s_service_endpoints_reason",
    "k8s_service_endpoints_finding",
    "cluster_namespace_service:k8s_service_endpoints_ready:max",
    "cluster_namespace_service:k8s_service_endpoints_unavailable:bool",
    "cluster_namespace_service:k8s_service_endpoints_lost:bool",
}
OPT_IN = {"topology", "changes", "dependents", "routes"}

every_alert = pytest.mark.parametrize("alert", read_alerts(), ids=lambda alert: alert.name)
every_rule = pytest.mark.parametrize("rule", read_rules(), ids=lambda rule: rule.name)


def list_severities(alert: Alert) -> list[str]:
    """The severities that an alert may have, the worst first."""
    return re.findall(r"critical|warning|info", alert.labels["severity"])


def test_every_file_is_read() -> None:
    """No rule file lies in the folder that these tests leave out."""
    assert {path.name for path in ALERTS.glob("*.rules.yaml")} == {
        f"{name}.rules.yaml" for name in FILES
    }


def test_names_are_unique_and_in_the_usual_form() -> None:
    """Alerts are UpperCamelCase with a prefix of our own, records level:metric:operation."""
    names = [rule.name for rule in read_rules()]
    assert len(names) == len(set(names))
    for rule in read_rules():
        pattern = (
            r"(KubeService|KubeEndpointSlices|KubeRoute|KubeWebhook|KubeMonitor|EndpointsExporter)"
            r"([A-Z][A-Za-z]+)"
            if isinstance(rule, Alert)
            else r"[a-z_]+:[a-z0-9_]+:[a-z0-9]+"
        )
        assert re.fullmatch(pattern, rule.name)


@every_rule
def test_rules_ask_for_what_there_is(rule: Alert | Record) -> None:
    """Each metric, label, grouping and join of a rule is in the catalogue."""
    assert find_problems(rule.expr, make_schema()) == []


@every_rule
def test_counters_are_not_compared_bare(rule: Alert | Record) -> None:
    """A counter's height says when the process began; only its growth says something."""
    bare = find_bare_counters(rule.expr, make_schema())
    # Here the height is what counts: a process that came up with rejected objects.
    allowed = [
        "endpoints_exporter_objects_rejected_total{}",
        "endpoints_exporter_objects_rejected_total{} offset 1h",
    ]
    assert [counter for counter in bare if counter not in allowed] == []


@every_rule
def test_nothing_doubles_with_two_replicas(rule: Alert | Record) -> None:
    """What rules on Services give has no label of a replica or target, and keeps the cluster."""
    labels = infer_labels(promql_parser.parse(rule.expr), make_schema())
    if rule.name.startswith("Kube") or rule.name.startswith("cluster_namespace_service:"):
        assert not labels & {"job", "instance", "pod", "container", "endpoint"}
        assert labels >= {"cluster", "namespace"}


@every_alert
def test_severity_and_annotations_are_complete(alert: Alert) -> None:
    """One label `severity`, all annotations, and critical only where traffic is lost or blind."""
    assert set(alert.labels) == {"severity"}
    severities = list_severities(alert)
    # One that depends on the value or a label is a template with its two words in it.
    assert severities == [alert.labels["severity"]] or "{{ if " in alert.labels["severity"]
    assert ("critical" in severities) == (alert.name in CRITICAL)
    assert set(alert.annotations) == {
        "summary",
        "description",
        "runbook_url",
        "dashboard_url",
        "__dashboardUid__",
    }
    assert not alert.annotations["summary"].endswith(".")
    assert "$labels.cluster" in alert.annotations["summary"]


@every_alert
def test_templates_use_labels_that_the_alert_has(alert: Alert) -> None:
    """A label that an aggregation dropped would be shown as nothing."""
    labels = infer_labels(promql_parser.parse(alert.expr), make_schema())
    assert alert.template_labels <= labels | {"cluster"}
    if alert.name.startswith("KubeService"):
        assert {"namespace", "service"} <= alert.template_labels


@every_alert
def test_queries_in_templates_are_right(alert: Alert) -> None:
    """Queries inside annotations name what there is, as those of rules do."""
    schema = make_schema()
    assert [find_problems(query, schema) for query in alert.template_queries] == [
        [] for _ in alert.template_queries
    ]
    assert alert.annotations["description"].count("query (printf") == len(
        [q for q in alert.template_queries if q]
    )


@every_alert
def test_waiting_times_are_plain(alert: Alert) -> None:
    """Nothing fires on a single scrape, but where an increase over an hour is already patience."""
    assert re.fullmatch(r"[1-9][0-9]*[mh]", alert.wait) or (
        alert.name == "EndpointsExporterObjectsRejected" and alert.wait == "0s"
    )
    assert re.fullmatch(r"0s|[1-9][0-9]*m", alert.keep_firing_for)


@every_alert
def test_alerts_on_services_leave_ignored_ones_out(alert: Alert) -> None:
    """Each begins with a record or reason, which ignored Services lack, or takes them away."""
    if not alert.name.startswith("KubeService"):
        return
    first = find_selectors(promql_parser.parse(alert.expr))[0].name or ""
    joined = re.findall(r"and on \(cluster, namespace, service\) ([a-z0-9_:]+)", alert.expr)
    assert (
        "unless on (cluster, namespace, service) k8s_service_endpoints_ignored" in alert.expr
        or any(name in LEAVE_OUT for name in (first, *joined))
        or "ErrorBudget" in alert.name
    )


@every_alert
def test_opt_in_families_are_asked_for_only_where_said(alert: Alert) -> None:
    """An alert that needs a group which is off by default stands in the group of that name."""
    families = {family.name: family.group.value for family in FAMILIES}
    named = {
        families.get(selector.name or "")
        for selector in find_selectors(promql_parser.parse(alert.expr))
    }
    place = alert.group.removeprefix("kube-endpoints-exporter.")
    assert named & OPT_IN == ({place} if place in OPT_IN else set())
    assert (alert.file == "resilience.rules.yaml") == (place in OPT_IN)


def test_a_peak_is_forgotten_at_the_intended_zeros_of_the_exporter() -> None:
    """All reasons that are always meant reset the peak but one, which may be a withdrawal."""
    text = (ALERTS / "recording.rules.yaml").read_text(encoding="utf-8")
    [found] = re.findall(r'reason=~"([^"]+)"', text)
    forgotten = {reason.value for reason in INTENDED} - {"SelectorlessNoEndpoints"}
    assert set(found.split("|")) == forgotten


def test_the_windows_of_the_error_budget_are_complete() -> None:
    """Seven windows and the month are recorded; the alerts use each of the seven."""
    windows = [
        rule.name.rpartition(":rate")[2] for rule in read_rules() if "_burn:rate" in rule.name
    ]
    assert windows == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    used = {
        alert.name: re.findall(r":rate(\w+) > ([\d.]+)", alert.expr)
        for alert in read_alerts()
        if "ErrorBudget" in alert.name
    }
    assert used == {
        "KubeServiceErrorBudgetFastBurn": [
            ("1h", "14.4"),
            ("5m", "14.4"),
            ("6h", "6"),
            ("30m", "6"),
        ],
        "KubeServiceErrorBudgetSlowBurn": [("1d", "3"), ("2h", "3"), ("3d", "1"), ("6h", "1")],
    }


def test_each_alert_has_a_runbook_and_no_runbook_is_left_over() -> None:
    """The set of runbooks is the set of alerts."""
    assert [path.stem for path in read_runbooks()] == sorted(a.name for a in read_alerts())


@cache
def read_boards() -> dict[str, set[str]]:
    """The variables of each board, by its uid."""
    boards = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (REPOSITORY / "grafana" / "dashboards").glob("*.json")
    ]
    return {
        board["uid"]: {variable["name"] for variable in board["templating"]["list"]}
        for board in boards
    }


@every_alert
def test_links_lead_to_the_runbook_and_to_a_board(alert: Alert) -> None:
    """Both links go to something that exists, with variables that exist there."""
    assert alert.annotations["runbook_url"] == RUNBOOK.format(alert.name)
    link = urlsplit(alert.annotations["dashboard_url"])
    assert f"{link.scheme}://{link.netloc}" == GRAFANA
    board = link.path.removeprefix("/d/")
    assert alert.annotations["__dashboardUid__"] == board
    variables = dict(parse_qsl(link.query))
    assert {name.removeprefix("var-") for name in variables} <= read_boards()[board]
    assert {"var-cluster"} <= set(variables)
    assert all(
        value == f"{{{{ $labels.{name.removeprefix('var-')} | urlquery }}}}"
        for name, value in variables.items()
    )


@pytest.mark.parametrize("runbook", read_runbooks(), ids=lambda path: path.stem)
def test_runbooks_have_their_sections(runbook: Path) -> None:
    """Title, severity, the four sections in order, each with text; links to files that exist."""
    text = runbook.read_text(encoding="utf-8")
    [alert] = [alert for alert in read_alerts() if alert.name == runbook.stem]
    severity, *others = list_severities(alert)
    assert text.startswith(f"# {alert.name}\n\nSeverity **{severity}** ")
    head = text.split("\n")[2].partition(" · needs ")[0]
    assert re.findall(r"\*\*(\w+)\*\*", head) == [severity, *others]
    assert f"[`alerts/{alert.file}`](../../alerts/{alert.file})" in text
    parts = text.split("\n## ")[1:]
    assert [part.partition("\n")[0] for part in parts] == SECTIONS
    assert all(len(part.partition("\n")[2].strip()) > 30 for part in parts)
    assert "```sh\n" in parts[2]
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (runbook.parent / target).exists()
    place = alert.group.removeprefix("kube-endpoints-exporter.")
    assert (f"the group `{place}` (off by default)" in text) == (place in OPT_IN)


@pytest.mark.parametrize("runbook", read_runbooks(), ids=lambda path: path.stem)
def test_commands_of_runbooks_are_ours_or_kubectl(runbook: Path) -> None:
    """What is to be pasted starts with kubectl or with a command that the program has."""
    blocks = re.findall(r"```sh\n(.*?)```", runbook.read_text(encoding="utf-8"), re.DOTALL)
    for line in "".join(blocks).splitlines():
        words = line.split()
        assert words[0] in ("kubectl", "kube-endpoints-exporter")
        if words[0] == "kube-endpoints-exporter":
            assert words[1] in ("explain", "get", "check")


def test_the_list_of_alerts_is_complete() -> None:
    """docs/alerts.md has a row for each alert, with its severity, times and runbook."""
    text = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    expected = [
        f"| [{alert.name}](runbooks/{alert.name}.md) | {', '.join(list_severities(alert))}"
        f" | {alert.wait if alert.wait != '0s' else '–'}"
        f" | {alert.keep_firing_for if alert.keep_firing_for != '0s' else '–'} |"
        for alert in read_alerts()
    ]
    assert [row[: len(start)] for row, start in zip(rows, expected, strict=True)] == expected


def test_the_alertmanager_example_speaks_of_our_alerts() -> None:
    """Each alert that an inhibition names exists, and each pattern matches one."""
    config = yaml.safe_load((ALERTS / "alertmanager.example.yaml").read_text(encoding="utf-8"))
    names = [alert.name for alert in read_alerts()]
    matchers = [
        matcher
        for rule in config["inhibit_rules"]
        for side in ("source_matchers", "target_matchers")
        for matcher in rule[side]
    ]
    assert len(matchers) == 11
    for matcher in matchers:
        found = re.fullmatch(r'alertname(=~|!=|=)"(.+)"', matcher)
        assert found
        assert any(re.fullmatch(found[2], name) for name in names)
