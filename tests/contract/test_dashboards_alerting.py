"""The alerts that Grafana evaluates itself are those of alerts/, in its own form."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from grafana.alerting import FILE, SOURCE, list_groups, render_provisioning
from grafana.boards import FOLDER
from tests.contract.rules import REPOSITORY, read_alerts

#: What templates of Grafana's alerts may use; https://grafana.com/docs/grafana/latest/alerting/
FUNCTIONS = {"urlquery", "printf", "humanizeDuration", "humanizePercentage", "toLower", "eq"}


def list_rules() -> dict[str, Any]:
    """Every rule by its title, dollar signs as Grafana reads them."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8").replace("$$", "$"))
    return {rule["title"]: rule for group in document["groups"] for rule in group["rules"]}


def test_the_file_is_what_the_alerts_make() -> None:
    """The provisioning file is current."""
    assert FILE.read_text(encoding="utf-8") == render_provisioning()


def test_each_dollar_sign_is_kept_from_the_environment() -> None:
    """Grafana puts the environment in for $NAME: none of ours stands alone."""
    text = FILE.read_text(encoding="utf-8")
    assert "$$labels" in text
    assert re.findall(r"(?<!\$)\$(?!\$)", text) == []


def test_every_alert_is_there_once_with_its_times_and_labels() -> None:
    """Names, waiting times, severities and queries are those of alerts/."""
    rules = list_rules()
    assert list(rules) == [rule["title"] for group in list_groups() for rule in group["rules"]]
    assert set(rules) == {alert.name for alert in read_alerts()}
    for alert in read_alerts():
        rule = rules[alert.name]
        assert (rule["for"], rule["keepFiringFor"]) == (alert.wait, alert.keep_firing_for)
        assert set(rule["labels"]) == set(alert.labels)
        if "{{" not in alert.labels["severity"]:
            assert rule["labels"] == alert.labels
        assert rule["data"][0]["model"]["expr"] == alert.expr


@pytest.mark.parametrize("name", [alert.name for alert in read_alerts()])
def test_a_rule_fires_for_whatever_its_query_returns(name: str) -> None:
    """Query, whether there is a number of any kind, and that as the condition; 0 fires as well."""
    rule = list_rules()[name]
    query, found, threshold = rule["data"]
    assert len(rule["uid"]) <= 40
    assert query["datasourceUid"] == query["model"]["datasource"]["uid"] == SOURCE
    assert (query["model"]["instant"], query["model"]["range"]) == (True, False)
    assert found["model"]["expression"] == ("is_number($query) || is_nan($query) || is_inf($query)")
    assert threshold["model"]["expression"] == found["refId"]
    assert threshold["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
    assert rule["condition"] == threshold["refId"]
    assert rule["noDataState"] == "OK"


@pytest.mark.parametrize("name", [alert.name for alert in read_alerts()])
def test_templates_ask_for_what_grafana_has(name: str) -> None:
    """No query inside a text, the value by its step, and nothing encoded that is not there."""
    rule = list_rules()[name]
    for text in (*rule["annotations"].values(), *rule["labels"].values()):
        assert "query (" not in text
        assert "$value " not in text
        assert not re.search(r"\$labels\.\w+ \| urlquery", text)
        assert text.count("{{ end }}") == len(re.findall(r"\{\{ (?:with|if) ", text))
        for used in re.findall(r"\| (\w+)", text):
            assert used in FUNCTIONS
        assert "  " not in text


@pytest.mark.parametrize("name", [alert.name for alert in read_alerts()])
def test_rules_open_a_panel_of_their_board(name: str) -> None:
    """Board and panel exist, by the fields and by the annotations."""
    rule = list_rules()[name]
    board = json.loads((FOLDER / f"{rule['dashboardUid']}.json").read_text(encoding="utf-8"))
    [panel] = [panel for panel in board["panels"] if panel["id"] == rule["panelId"]]
    assert panel["type"] != "row"
    assert rule["annotations"]["__dashboardUid__"] == rule["dashboardUid"]
    assert rule["annotations"]["__panelId__"] == str(rule["panelId"])


def test_the_chart_has_the_same_groups() -> None:
    """What GrafanaAlertRuleGroup resources are made of is not escaped: it is taken as it is."""
    path = REPOSITORY / "charts" / "kube-endpoints-exporter" / "files" / "grafana-alerts.yaml"
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {"groups": list_groups()}
