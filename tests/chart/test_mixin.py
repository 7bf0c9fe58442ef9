"""The mixin, evaluated by jsonnet: by default the sources themselves, and as it is configured."""

from __future__ import annotations

import importlib
import json
import re
from functools import cache, reduce
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from grafana.lint.queries import GRAFANA
from tests.chart.rendering import REPOSITORY
from tools.chart import list_recorded
from tools.mixin import THRESHOLDS
from tools.promql import find_selectors

SOURCES = sorted((REPOSITORY / "alerts").glob("*.rules.yaml"))
BOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
CONFIGURED = """
  selector: 'env="prod"', clusterLabel: 'k8s_cluster',
  grafanaUrl: 'https://grafana.example.org', exporterUrl: 'https://endpoints.example.org',
  documentsUrl: 'https://wiki.example.org',
  thresholds+: { staleSeconds: 300, burn1h: 10 },
  alerts: {
    KubeServiceFlapping: { enabled: false },
    KubeServiceDegraded: {
      'for': '1h', keepFiringFor: '2h', severity: 'critical', labels: { team: 'shop' },
    },
  },
"""
jsonnet: Any = importlib.import_module("_jsonnet")  # comes without types


@cache
def evaluate(config: str = "") -> Any:
    """Alerts, records and boards of the mixin with a configuration."""
    imported = json.dumps(str(REPOSITORY / "mixin" / "mixin.libsonnet"))
    source = f"""
      local mixin = (import {imported}) + {{ _config+:: {{ {config} }} }};
      {{
        alerts: mixin.prometheusAlerts.groups,
        records: mixin.prometheusRules.groups,
        boards: mixin.grafanaDashboards,
      }}
    """
    return json.loads(jsonnet.evaluate_snippet("test", source))


def list_rules(config: str = "") -> dict[str, Any]:
    """The rules of the mixin by name."""
    found = evaluate(config)
    groups = found["alerts"] + found["records"]
    return {
        rule.get("alert", rule.get("record")): rule for group in groups for rule in group["rules"]
    }


def read_sources() -> dict[str, Any]:
    """The rules of alerts/ by name."""
    return {
        rule.get("alert", rule.get("record")): rule
        for path in SOURCES
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    }


def list_expressions(value: object) -> list[str]:
    """Every query of a board's panels and annotations."""
    if isinstance(value, list):
        return [text for one in value for text in list_expressions(one)]
    if isinstance(value, dict):
        own = [value["expr"]] if isinstance(value.get("expr"), str) else []
        return own + [text for one in value.values() for text in list_expressions(one)]
    return []


def test_by_default_the_mixin_is_its_sources() -> None:
    """Unconfigured, each rule and each board is that of alerts/ and grafana/dashboards."""
    assert list_rules() == read_sources()
    assert evaluate()["boards"] == {path.name: json.loads(path.read_text()) for path in BOARDS}


def test_a_selector_goes_into_everything_that_is_scraped() -> None:
    """Each selector of a scraped metric has the matcher, and none of a recorded one."""
    recorded = set(list_recorded(path.read_text(encoding="utf-8") for path in SOURCES))
    texts = [rule["expr"] for rule in list_rules(CONFIGURED).values()]
    for text in texts:
        for selector in find_selectors(promql.parse(text)):
            matchers = {(one.name, one.value) for one in selector.matchers.matchers}
            assert (("env", "prod") in matchers) is (selector.name not in recorded), text


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_boards_keep_the_selector_and_the_cluster(path: Path) -> None:
    """Queries of boards parse, have the matcher where they are limited, and the other label."""
    recorded = set(list_recorded(path.read_text(encoding="utf-8") for path in SOURCES))
    board = evaluate(CONFIGURED)["boards"][path.name]
    for text in list_expressions(board):
        filled = reduce(lambda done, pair: done.replace(*pair), GRAFANA.items(), text)
        for selector in find_selectors(promql.parse(filled)):
            labels = {one.name for one in selector.matchers.matchers}
            assert "cluster" not in labels
            assert ("env" in labels) is (selector.name not in recorded), text


def test_the_label_of_clusters_is_renamed_everywhere() -> None:
    """No expression groups by `cluster` and no text shows it; names of records stay."""
    rules = list_rules(CONFIGURED)
    assert set(rules) == set(read_sources()) - {"KubeServiceFlapping"}
    for rule in rules.values():
        text = json.dumps(rule).replace("cluster_namespace", "")
        assert "k8s_cluster" in text
        assert "$labels.cluster" not in text
        assert not any(f"{before}cluster{after}" in text for before in "( " for after in ",)")


def test_links_begin_with_the_bases() -> None:
    """Grafana, the exporter's page and the documents are where the configuration says."""
    text = json.dumps(evaluate(CONFIGURED))
    for base in ("grafana.example.org/d/", "endpoints.example.org/services/", "wiki.example.org/"):
        assert f"https://{base}" in text
    for default in ("localhost", "kube-endpoints-exporter/blob/main/docs"):
        assert default not in text


def test_thresholds_are_put_in_where_they_stand() -> None:
    """Every mark of a threshold is there once at least, and takes the configured number."""
    marked = "".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "mixin" / "rules").glob("*.json")
    )
    assert [name for _, _, name in THRESHOLDS if f"«{name}»" not in marked] == []
    rules = list_rules(CONFIGURED)
    assert "> 300" in rules["EndpointsExporterStale"]["expr"]
    assert rules["EndpointsExporterBlind"]["expr"].count("< 300") == 2
    assert rules["KubeServiceErrorBudgetFastBurn"]["expr"].count("> 10") == 2
    assert rules["KubeServiceErrorBudgetSlowBurn"] == {
        **rules["KubeServiceErrorBudgetSlowBurn"],
        "for": "15m",
    }


def test_alerts_are_changed_and_left_out_by_name() -> None:
    """One alert is off; another waits longer, is critical and has a label more."""
    changed = list_rules(CONFIGURED)["KubeServiceDegraded"]
    assert "KubeServiceFlapping" not in list_rules(CONFIGURED)
    assert (changed["for"], changed["keep_firing_for"]) == ("1h", "2h")
    assert changed["labels"] == {"severity": "critical", "team": "shop"}


def test_groups_are_changed_and_left_out_by_the_last_part_of_their_name() -> None:
    """One group is off, its records too; another has its own pace; others are as ever."""
    config = """
      groups: {
        topology: { enabled: false },
        services: { interval: '2m', limit: 50, labels: { a: 'b' } },
      },
    """
    groups = evaluate(config)["alerts"] + evaluate(config)["records"]
    usual = evaluate()["alerts"] + evaluate()["records"]
    changed = [group for group in groups if group["name"].endswith(".services")]

    assert {group["name"] for group in usual} - {group["name"] for group in groups} == {
        "kube-endpoints-exporter.topology"
    }
    assert changed
    for group in changed:
        assert (group["interval"], group["limit"], group["labels"]) == ("2m", 50, {"a": "b"})
    others = [group for group in groups if group not in changed]
    assert all(group in usual for group in others)


def test_what_is_added_to_every_alert_gives_way_to_what_one_says() -> None:
    """Labels and annotations of all alerts, one of them with its own; records have neither."""
    rules = list_rules("""
      alertLabels: { team: 'platform' }, alertAnnotations: { wiki: 'all' },
      alerts: { KubeServiceDegraded: { labels: { team: 'shop' }, annotations: { wiki: 'one' } } },
    """)
    usual = read_sources()
    for name, rule in rules.items():
        if "record" in rule:
            assert rule == usual[name]
            continue
        own = name == "KubeServiceDegraded"
        assert rule["labels"] == {**usual[name]["labels"], "team": "shop" if own else "platform"}
        assert rule["annotations"] == {
            **usual[name]["annotations"],
            "wiki": "one" if own else "all",
        }


def test_further_labels_are_kept_by_every_grouping_and_join() -> None:
    """As `additionalAggregationLabels` of the chart: after the cluster's label."""
    for name, rule in list_rules(
        "clusterLabel: 'site', additionalAggregationLabels: ['region', 'tier'],"
    ).items():
        before = read_sources()[name]["expr"]
        found = re.findall(r"\b(?:by|on) \(site, region, tier\b", rule["expr"])
        assert len(found) == len(re.findall(r"\b(?:by|on) \(cluster\b", before)), name
        assert rule["expr"].count("region") == len(found)
        promql.parse(rule["expr"])


def test_jsonnet_bundler_takes_the_mixin_as_it_lies() -> None:
    """`jb install …/mixin` finds a package that needs no other."""
    text = (REPOSITORY / "mixin" / "jsonnetfile.json").read_text(encoding="utf-8")

    assert json.loads(text) == {"version": 1, "dependencies": [], "legacyImports": False}
    assert "jb install" in (REPOSITORY / "docs" / "grafana.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_evaluates() -> None:
    """What docs/grafana.md shows is jsonnet that the mixin takes."""
    page = (REPOSITORY / "docs" / "grafana.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```jsonnet\n(.+?)```", page, re.DOTALL)
    source = example.replace("kube-endpoints-exporter/mixin/", f"{REPOSITORY}/mixin/", 1)
    found = json.loads(jsonnet.evaluate_snippet("page", f"({source}).prometheusAlerts"))
    names = [rule["alert"] for group in found["groups"] for rule in group["rules"]]
    assert "KubeServiceDegraded" in names
    assert "KubeServiceOnSingleNode" not in names
