"""The rule files in Prometheus' own tools: lint, and unit tests of each alert both ways."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.contract.rules import ALERTS, REPOSITORY, read_alerts
from tests.e2e.harness.control_plane import find_binary

TESTS = sorted((REPOSITORY / "tests" / "rules").glob("*.test.yaml"))


def _run(tool: str, *arguments: str | Path) -> str:
    """Run a tool of Prometheus' or Alertmanager's to success; return what it printed."""
    done = subprocess.run(
        [find_binary(tool), *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_promtool_finds_nothing_to_complain_about() -> None:
    """All rule files together pass every check that promtool has."""
    files = sorted(ALERTS.glob("*.rules.yaml"))
    printed = _run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *files)
    assert printed.count("SUCCESS") == len(files)


@pytest.mark.parametrize("test", TESTS, ids=lambda path: path.name)
def test_alerts_fire_and_stay_silent_as_written(test: Path) -> None:
    """Promtool's unit tests of one file pass."""
    assert "SUCCESS" in _run("promtool", "test", "rules", test)


def test_each_alert_is_tested_both_ways() -> None:
    """Each alert has a test in which it is silent at first, then fires, then is silent again."""
    seen: dict[str, list[list[tuple[int, bool]]]] = {}
    for path in TESTS:
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            checks: dict[str, list[tuple[int, bool]]] = {}
            for check in test.get("alert_rule_test", ()):
                minute = int(check["eval_time"].removesuffix("m"))
                fires = bool(check["exp_alerts"])
                checks.setdefault(check["alertname"], []).append((minute, fires))
            for name, moments in checks.items():
                seen.setdefault(name, []).append(sorted(moments))

    def is_whole(moments: list[tuple[int, bool]]) -> bool:
        firing = [minute for minute, fires in moments if fires]
        quiet = [minute for minute, fires in moments if not fires]
        return bool(firing and quiet) and quiet[0] < firing[0] and quiet[-1] > firing[-1]

    lacking = {
        alert.name
        for alert in read_alerts()
        if not any(is_whole(moments) for moments in seen.get(alert.name, []))
    }
    assert lacking == set()


def test_amtool_accepts_the_example() -> None:
    """Alertmanager's own check finds the example in order."""
    assert "5 inhibit rules" in _run("amtool", "check-config", ALERTS / "alertmanager.example.yaml")


def test_amtool_accepts_the_receivers() -> None:
    """The example of receivers is in order, and its templates are found."""
    printed = _run("amtool", "check-config", ALERTS / "receivers.example.yaml")
    assert "3 receivers" in printed
    assert "1 templates" in printed


@pytest.mark.parametrize(
    "template, shown",
    [
        (
            "title",
            "[FIRING 1] critical KubeServiceLostAllEndpoints in namespace shop of cluster west",
        ),
        ("color", "danger"),
        ("slack", "<https://grafana.example.com/d/x?var-service=cart|Board>"),
        ("html", '<a href="https://grafana.example.com/d/x?var-service=cart">Board</a>'),
    ],
)
def test_templates_say_what_to_do(tmp_path: Path, template: str, shown: str) -> None:
    """Rendered by Alertmanager, each text names the alert or leads to its board."""
    labels = {
        "alertname": "KubeServiceLostAllEndpoints",
        "severity": "critical",
        "namespace": "shop",
        "cluster": "west",
    }
    annotations = {
        "summary": "Service shop/cart has lost all its endpoints",
        "description": "Connections to it fail.",
        "runbook_url": "https://example.com/runbook",
        "dashboard_url": "https://grafana.example.com/d/x?var-service=cart",
    }
    alert = {"status": "firing", "labels": labels, "annotations": annotations}
    data = {"status": "firing", "alerts": [alert], "commonLabels": labels}
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    printed = _run(
        *("amtool", "template", "render"),
        f"--template.glob={ALERTS / 'receivers.tmpl'}",
        f'--template.text={{{{ template "kube-endpoints.{template}" . }}}}',
        f"--template.data={path}",
    )
    assert shown in printed
