"""What the boards' central expressions say of Services of each kind, in promtool."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grafana.boards.queries import Selection
from tests.e2e.harness.control_plane import REPOSITORY, find_binary

#: Service → ready, not ready, terminating, routable, min-ready, reason, ignored.
SERVICES: dict[str, tuple[int, int, int, int, int, str, bool]] = {
    "broken": (0, 2, 0, 0, 1, "CrashLoopBackOff", False),
    "draining": (0, 1, 1, 1, 1, "AllPodsTerminating", False),
    "scaled": (0, 0, 0, 0, 1, "ScaledToZero", False),
    "deleting": (0, 1, 1, 1, 1, "ServiceDeleting", False),
    "below": (2, 0, 0, 2, 3, "", False),
    "half": (1, 2, 0, 1, 1, "", False),
    "rolling": (2, 3, 3, 2, 1, "", False),
    "well": (3, 1, 0, 3, 1, "", False),
    "parked": (0, 0, 0, 0, 1, "", True),
    "watched": (1, 0, 0, 1, 2, "", True),
}
STATES = {
    "broken": 0,
    "draining": 1,
    "scaled": 4,
    "deleting": 1,
    "below": 2,
    "half": 2,
    "rolling": 3,
    "well": 3,
    "parked": 5,
    "watched": 3,
}


def write_series(clusters: Sequence[str]) -> list[dict[str, str]]:
    """What two replicas in each cluster say of all SERVICES, as promtool takes it.

    The cluster "" is one that Prometheus does not name.
    """
    series = []
    for name, values in SERVICES.items():
        ready, not_ready, terminating, routable, wanted, reason, ignored = values
        numbers = {
            "k8s_service_info": 1,
            "k8s_service_endpoints_ready": ready,
            "k8s_service_endpoints_not_ready": not_ready,
            "k8s_service_endpoints_terminating": terminating,
            "k8s_service_endpoints_routable": routable,
            "k8s_service_endpoints_min_ready": wanted,
        }
        if reason:
            numbers[f"k8s_service_endpoints_reason|{reason}"] = 1
        if ignored:
            numbers["k8s_service_endpoints_ignored"] = 1
        for key, value in numbers.items():
            metric, _, label = key.partition("|")
            for cluster, replica in itertools.product(clusters, ("a", "b")):
                labels = f'namespace="shop",service="{name}",instance="{replica}"'
                labels += f',cluster="{cluster}"' if cluster else ""
                more = f',reason="{label}"' if label else ""
                series.append({"series": f"{metric}{{{labels}{more}}}", "values": f"{value}x5"})
    return series


def judge(
    folder: Path,
    expectations: dict[str, dict[str, float]],
    clusters: Sequence[str] = ("",),
) -> None:
    """Let promtool evaluate expressions over SERVICES; `expectations` are value by Service."""
    tests: list[dict[str, Any]] = [
        {
            "expr": expression,
            "eval_time": "2m",
            "exp_samples": [
                {
                    "labels": f'{{namespace="shop",service="{name}"}}' if name else "{}",
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
            {"interval": "1m", "input_series": write_series(clusters), "promql_expr_test": tests}
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


def test_each_kind_of_service_has_its_state(tmp_path: Path) -> None:
    """Empty, draining, degraded, ready, meant and ignored Services have the codes of the legend."""
    judge(tmp_path, {Selection(()).state: {name: float(code) for name, code in STATES.items()}})


def test_counts_agree_with_the_states(tmp_path: Path) -> None:
    """The numbers at the top of the boards count just the Services in the state that they name."""
    chosen = Selection(())
    judge(
        tmp_path,
        {
            chosen.count(chosen.broken): {"": 1},
            chosen.count(chosen.draining): {"": 2},
            chosen.count(chosen.degraded): {"": 2},
            chosen.count(chosen.intended): {"": 1},
        },
    )


def test_clusters_are_kept_apart(tmp_path: Path) -> None:
    """Services of one name in two clusters are two; choosing a cluster leaves the other out."""
    both, one = Selection(()), Selection(("cluster",))
    judge(
        tmp_path,
        {
            both.count(both.broken): {"": 2},
            both.count(both.degraded): {"": 4},
            one.count(one.degraded).replace("$cluster", "east"): {"": 2},
            one.count(one.degraded).replace("$cluster", ".*"): {"": 4},
            one.count(one.degraded).replace("$cluster", "north"): {},
        },
        clusters=("east", "west"),
    )


def test_nothing_wrong_is_a_zero_and_nothing_known_is_nothing(tmp_path: Path) -> None:
    """Where all is well a count is 0; where no Service is known it is absent."""
    well = 'k8s_service_endpoints_reason{service="well"}'
    judge(
        tmp_path,
        {
            Selection(()).count(well): {"": 0},
            Selection(()).count(well, "k8s_service_unheard_of"): {},
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
