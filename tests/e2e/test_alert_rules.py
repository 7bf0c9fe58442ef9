"""The rule files in Prometheus' own tools: lint, and unit tests of each alert both ways."""

from __future__ import annotations

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
