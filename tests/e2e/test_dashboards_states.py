"""What the boards' central expressions say of Services of each kind, in promtool."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grafana.boards.queries import Selection
from tests.e2e.harness.control_plane import REPOSITORY, find_binary

#: Service → standing, the reasons that replicas a and b give, the findings that they see.
SERVICES: dict[str, tuple[int, tuple[str, str], tuple[str, ...]]] = {
    "broken": (5, ("CrashLoopBackOff", "CrashLoopBackOff"), ()),
    "disputed": (5, ("ImagePull", "ImagePull"), ("EndpointsLagging", "StaleEndpoints")),
    "silent": (4, ("", ""), ()),
    "half": (3, ("", ""), ("HalfUnready", "BelowMinReady")),
    "young": (2, ("ContainerCreating", "ContainerCreating"), ()),
    "well": (1, ("", ""), ()),
    "alone": (1, ("", ""), ("SinglePoint",)),
    "scaled": (0, ("ScaledToZero", "ScaledToZero"), ()),
}
CHOSEN = Selection(())


def write_series(clusters: Sequence[str]) -> list[dict[str, str]]:
    """What two replicas in each cluster say of all SERVICES, as promtool takes it.

    The cluster "" is one that Prometheus does not name.
    """
    series = []
    for name, (standing, reasons, findings) in SERVICES.items():
        for cluster, (place, replica) in itertools.product(clusters, enumerate(("a", "b"))):
            labels = f'namespace="shop",service="{name}",instance="{replica}"'
            labels += f',cluster="{cluster}"' if cluster else ""
            values = {f"k8s_service_endpoints_standing{{{labels}}}": standing}
            if reason := reasons[place]:
                values[f'k8s_service_endpoints_reason{{{labels},reason="{reason}"}}'] = 1
            for finding in findings:
                values[f'k8s_service_endpoints_finding{{{labels},finding="{finding}"}}'] = 1
            series += [{"series": text, "values": f"{value}+0x9"} for text, value in values.items()]
    return series


def judge(
    folder: Path,
    expectations: Mapping[str, Mapping[str, float]],
    clusters: Sequence[str] = ("",),
    more: Sequence[dict[str, str]] = (),
) -> None:
    """Let promtool evaluate expressions over SERVICES; `expectations` are value by labels.

    Labels that are but a word are those of the Service of that name.
    """
    tests: list[dict[str, Any]] = [
        {
            "expr": expression.replace("$__range", "5m").replace("$__interval", "1m"),
            "eval_time": "9m",
            "exp_samples": [
                {
                    "labels": f'{{namespace="shop",service="{name}"}}' if name.isalpha() else name,
                    "value": value,
                }
                for name, value in expected.items()
            ],
        }
        for expression, expected in expectations.items()
    ]
    document = {
        "rule_files": [],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [*write_series(clusters), *more],
                "promql_expr_test": tests,
            }
        ],
    }
    path = folder / "states.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run(
        [find_binary("promtool"), "test", "rules", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def name(service: str, reason: str) -> str:
    """Labels of a Service and its reason."""
    return f'{{namespace="shop",service="{service}",reason="{reason}"}}'


def test_counts_are_those_of_the_standings(tmp_path: Path) -> None:
    """The numbers at the top of the boards count each Service once, whatever replicas say."""
    judge(
        tmp_path,
        {CHOSEN.have(code): {"{}": count} for code, count in enumerate((1, 2, 1, 1, 1, 2))},
    )


def test_one_pass_counts_all_standings_by_their_words(tmp_path: Path) -> None:
    """Without recording rules the graph of standings has the same words as with them."""
    judge(
        tmp_path,
        {
            CHOSEN.count_by_standing: {
                '{standing="down"}': 2,
                '{standing="unknown"}': 1,
                '{standing="degraded"}': 1,
                '{standing="new"}': 1,
                '{standing="ready"}': 2,
                '{standing="intended"}': 1,
            }
        },
    )


def test_each_service_in_trouble_has_one_row_with_its_reason(tmp_path: Path) -> None:
    """A reason goes before findings, a finding stands in for it, and the unknown is called so."""
    judge(
        tmp_path,
        {
            f"{CHOSEN.explained(CHOSEN.troubled)} unless on (service)"
            ' k8s_service_endpoints_standing{service="half"}': {
                name("broken", "CrashLoopBackOff"): 5,
                name("disputed", "ImagePull"): 5,
                name("silent", "Unknown"): 4,
                name("young", "ContainerCreating"): 2,
            },
            f"count by (service) ({CHOSEN.explained(CHOSEN.troubled)})": {
                f'{{service="{service}"}}': 1
                for service in ("broken", "disputed", "silent", "half", "young")
            },
        },
    )


def test_replicas_that_disagree_double_no_row(tmp_path: Path) -> None:
    """Two replicas with a reason each: one row, one reason of the two, and no error."""
    more = [
        {"series": f"{metric}{{{labels}}}", "values": f"{value}+0x9"}
        for metric, labels, value in (
            ("k8s_service_endpoints_standing", 'service="torn",instance="a"', 5),
            ("k8s_service_endpoints_standing", 'service="torn",instance="b"', 3),
            ("k8s_service_endpoints_reason", 'service="torn",instance="a",reason="ImagePull"', 1),
            ("k8s_service_endpoints_reason", 'service="torn",instance="b",reason="NoEndpoints"', 1),
            (
                "k8s_service_endpoints_finding",
                'service="torn",instance="b",finding="HalfUnready"',
                1,
            ),
        )
    ]
    torn = 'k8s_service_endpoints_standing{service="torn"}'
    rows = f"({CHOSEN.explained(CHOSEN.troubled)} and on (service) {torn})"
    judge(
        tmp_path,
        {
            f"count by (service) {rows}": {'{service="torn"}': 1},
            f"sum by (service) {rows}": {'{service="torn"}': 5},
        },
        more=more,
    )


def test_timelines_pick_services_that_were_in_trouble(tmp_path: Path) -> None:
    """Those that were down before those with a fault; healthy, intended and noted ones never."""
    judge(
        tmp_path,
        {
            f"{CHOSEN.often_troubled(9)} > 0": {
                "broken": 25,
                "disputed": 25,
                "young": 25,
                "half": 5,
            },
            f"count({CHOSEN.often_troubled(2)})": {"{}": 2},
        },
    )


def test_clusters_are_told_apart(tmp_path: Path) -> None:
    """A Service of the same name in two clusters is two Services, with a name or without."""
    judge(tmp_path, {CHOSEN.have(5): {"{}": 4}, CHOSEN.have(0): {"{}": 2}}, ("", "west"))


def test_nothing_is_counted_where_nothing_is_known(tmp_path: Path) -> None:
    """A count is 0 when the exporter speaks and nothing is found, and absent when it is silent."""
    well = 'k8s_service_endpoints_reason{service="well"}'
    judge(
        tmp_path,
        {
            CHOSEN.count(well): {"{}": 0},
            CHOSEN.count(well, "k8s_service_unheard_of"): {},
        },
    )


def test_the_example_configuration_of_prometheus_is_accepted(tmp_path: Path) -> None:
    """Promtool finds the compose file's Prometheus configuration and its rules in order."""
    text = (REPOSITORY / "deploy" / "compose" / "prometheus.yaml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yaml"
    rules = str(REPOSITORY / "alerts")
    path.write_text(text.replace("/etc/prometheus/rules", rules), encoding="utf-8")
    done = subprocess.run(
        [find_binary("promtool"), "check", "config", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS: 5 rule files found" in done.stdout
