"""Rules that fit a house: what values change in a PrometheusRule; and the chart under a parent."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, REPOSITORY, render, run_helm

OPT_IN = {"topology", "changes", "dependents", "routes"}


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: nothing here needs a cluster."""


def read_groups(tmp_path: Path, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the groups of the PrometheusRule by the last part of their names."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump({"prometheusRule": {"enabled": True} | values}))
    [rule] = [one for one in render(file) if one["kind"] == "PrometheusRule"]
    return {group["name"].rpartition(".")[2]: group for group in rule["spec"]["groups"]}


def list_rules(groups: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return all rules by name."""
    return {
        rule.get("alert", rule.get("record")): rule
        for group in groups.values()
        for rule in group["rules"]
    }


def test_groups_follow_what_is_exported(tmp_path: Path) -> None:
    """Alerts on opt-in metrics are there when their group is, or when the values say so."""
    assert not OPT_IN & set(read_groups(tmp_path, {}))
    file = tmp_path / "opted.yaml"
    file.write_text("config: {groups: [topology]}\nprometheusRule: {enabled: true}\n")
    [rule] = [one for one in render(file) if one["kind"] == "PrometheusRule"]
    names = {group["name"].rpartition(".")[2] for group in rule["spec"]["groups"]}
    assert names & OPT_IN == {"topology"}
    forced = read_groups(tmp_path, {"groups": {"changes": {"enabled": True}}})
    assert set(forced) & OPT_IN == {"changes"}


def test_a_group_is_switched_off_and_tuned(tmp_path: Path) -> None:
    """A group goes with `enabled: false`; interval, limit and labels are the group's own."""
    tuned = {"interval": "1m", "limit": 50, "labels": {"team": "platform"}}
    groups = read_groups(tmp_path, {"groups": {"slo": {"enabled": False}, "services": tuned}})

    assert "slo" not in groups
    assert {key: groups["services"][key] for key in tuned} == tuned


def test_links_lead_into_the_house(tmp_path: Path) -> None:
    """Boards, runbooks and the page are those of the values, and no other address is left."""
    groups = read_groups(
        tmp_path,
        {"grafanaUrl": "https://grafana.example.com", "runbookUrl": "https://wiki.example.com/rb"},
    )
    lost = list_rules(groups)["KubeServiceLostAllEndpoints"]["annotations"]

    assert lost["runbook_url"] == "https://wiki.example.com/rb/KubeServiceLostAllEndpoints.md"
    assert lost["dashboard_url"].startswith("https://grafana.example.com/d/kube-endpoints-service?")
    assert "localhost:3000" not in yaml.safe_dump(groups)


def test_thresholds_and_annotations_of_single_alerts(tmp_path: Path) -> None:
    """A number of taste is put in where it stands, and an alert gets an annotation of its own."""
    rules = list_rules(
        read_groups(
            tmp_path,
            {
                "thresholds": {"staleSeconds": 900},
                "alerts": {"EndpointsExporterStale": {"annotations": {"contact": "#platform"}}},
            },
        )
    )

    assert "> 900\n" in rules["EndpointsExporterStale"]["expr"]
    assert "< 900" in rules["EndpointsExporterBlind"]["expr"]
    assert rules["EndpointsExporterStale"]["annotations"]["contact"] == "#platform"
    assert "contact" not in rules["EndpointsExporterBlind"]["annotations"]


def test_another_cluster_label_and_further_ones(tmp_path: Path) -> None:
    """Every grouping, join and template has the house's label, and keeps the further ones."""
    groups = read_groups(
        tmp_path,
        {"clusterLabel": "k8s_cluster", "additionalAggregationLabels": ["region", "stage"]},
    )
    rules = list_rules(groups)
    first = "max by (k8s_cluster, region, stage, namespace, service)"

    assert rules["KubeServiceSelectorMatchesNothing"]["expr"].startswith(first)
    for rule in rules.values():
        for text in (rule["expr"], *rule.get("annotations", {}).values()):
            bare = text.replace("cluster_namespace", "").replace("k8s_cluster", "")
            assert "$labels.cluster" not in text
            assert "(cluster" not in bare
    done = tmp_path / "rules.yaml"
    done.write_text(yaml.safe_dump({"groups": list(groups.values())}))
    promtool = REPOSITORY / ".tools" / "bin" / "promtool"
    check_rules(promtool, done)


def check_rules(promtool: Path, file: Path) -> None:
    """Let promtool parse the rules; AssertionError with what it says."""
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("enabled", [True, False])
def test_a_parent_chart_switches_it(tmp_path: Path, enabled: bool) -> None:
    """Under a parent with `condition: kube-endpoints-exporter.enabled` it comes and goes."""
    parent = tmp_path / "parent"
    shutil.copytree(CHART, parent / "charts" / CHART.name)
    (parent / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n"
        f"  - name: {CHART.name}\n    version: '*'\n    condition: {CHART.name}.enabled\n"
    )
    values = {CHART.name: {"enabled": enabled, "x-note": "shared", "replicas": 2}}
    (parent / "values.yaml").write_text(yaml.safe_dump(values))

    rendered = run_helm("template", "release", parent)

    kinds = [one["kind"] for one in yaml.safe_load_all(rendered) if one]
    assert ("Deployment" in kinds) is enabled
