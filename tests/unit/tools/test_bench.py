from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import machine
from bench.__main__ import main
from bench.budgets import judge, judge_growth
from bench.machine import Watch, read_cpu

_QUIET = {"foreign": 0.0, "steal": 0.0, "warning": ""}
_MACHINE = {
    "cores": 2,
    "processor": "a processor",
    "memory_gib": 8.0,
    "system": "Linux 6",
    "python": "3.11.7",
    "load": 0.1,
    "when": "2026-01-02T03:04Z",
}


def _results(own: dict[str, float], peer: dict[str, float], **options: Any) -> dict[str, Any]:
    return {
        "machine": _MACHINE,
        "quiet": _QUIET,
        "options": {"services": 10_000, "addresses": 20, "pods": False, "rate": 200, **options},
        "subjects": {"kube-endpoints-exporter": own, "kube-state-metrics": peer},
        "download": {"identity": {"seconds": 1.0, "bytes": 1e6}},
        "crowd": {"alone_seconds": 0.020, "first_seconds": 0.030, "last_seconds": 0.4},
        "holds": {"first sync": {"seconds": 0.021, "name": "a callback"}},
        "small": {"services": 20, "own": 0.5, "peer": 0.25, "own_cpu": 0.4, "peer_cpu": 0.2},
    }


def test_each_figure_is_held_against_its_budget() -> None:
    """A ratio by both programs, a figure by itself; what is missed is told as missed."""
    own = {"start_seconds": 1.8, "cpu_per_slices": 0.0006, "memory_mib": 170.0}
    peer = {"start_seconds": 2.0, "cpu_per_slices": 0.0003, "memory_mib": 500.0}
    told = {one.title: (round(one.measured, 2), one.met) for one in judge(_results(own, peer))}
    assert told == {
        "first complete scrape, against the peer": (0.9, True),
        "first complete scrape, against a plain download": (1.8, True),
        "CPU per slice update, against the peer": (2.0, False),
        "first of 20 scrapes at a time, against one alone": (1.5, True),
        "resident memory, against the peer": (0.34, True),
        "resident memory": (170.0, False),
        "longest hold of the event loop": (21.0, False),
        "small cluster, as in a Pod": (0.5, True),
    }


def test_a_budget_is_for_the_cluster_it_was_set_for() -> None:
    """Memory is not judged at another size, and a tiny cluster not at all."""
    own, peer = {"memory_mib": 170.0}, {"memory_mib": 500.0}
    other = [one.title for one in judge(_results(own, peer, services=5_000))]
    assert "resident memory" not in other
    assert "longest hold of the event loop" in other
    assert list(judge(_results(own, peer, services=60))) == []


def test_growth_is_held_against_its_budgets() -> None:
    """The slope of each step, the memory of the largest, and the longest hold of all."""
    holds = {"first sync": {"seconds": 0.004, "name": "a callback"}}
    steps = [
        {"services": 10_000, "memory_mib": 100.0, "holds": holds},
        {"services": 100_000, "memory_mib": 701.0, "slope": 1.01, "holds": holds},
    ]
    told = [(one.title, one.measured, one.met) for one in judge_growth({"steps": steps})]
    assert told == [
        ("slope of CPU up to 100,000 Services", 1.01, True),
        ("resident memory of the largest", 701.0, False),
        ("longest hold of the event loop", 4.0, True),
    ]


def test_the_figures_take_the_place_of_those_in_the_document(tmp_path: Path) -> None:
    """Between the marks stands what was measured and on what; the rest stays as it was."""
    encodings = ("identity", "gzip")
    names = [f"unchanged_{one}_{what}" for one in encodings for what in ("seconds", "bytes", "cpu")]
    names += ["start_seconds", "start_cpu", "memory_mib", "cpu_per_slices", "updating_gzip_share"]
    own = dict.fromkeys([*names, "visible_seconds"], 0.5)
    written, document = tmp_path / "results.json", tmp_path / "document.md"
    written.write_text(json.dumps(_results(own, own)))
    document.write_text("before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n")
    assert main(["--markdown", str(written), "--into", str(document)]) == 0
    lines = document.read_text().splitlines()
    assert lines[:5] == [
        "before",
        "<!-- bench:begin -->",
        "Measured on a quiet machine of 2 cores (a processor) with Python 3.11.7, 2026-01-02.",
        "",
        "| 10,000 Services × 20 addresses | kube-endpoints-exporter | kube-state-metrics |",
    ]
    assert "| CPU per slice update (200 a second) | 500.00 ms | 500.00 ms |" in lines
    assert "| first complete scrape of 20 Services | 0.50 s | 0.25 s |" in lines
    assert lines[-2:] == ["<!-- bench:end -->", "after"]


@pytest.mark.parametrize(
    "load,busy,steal,warning",
    [
        (0.1, 0.0, 0.0, ""),
        (1.0, 0.0, 0.0, "the machine was not quiet: a load of 0.50 per core before the run"),
        (0.1, 30.0, 0.0, "the machine was not quiet: others took 30% of it"),
        (0.1, 0.0, 10.0, "the machine was not quiet: the hypervisor took 10% of it"),
    ],
)
def test_a_machine_that_was_not_quiet_is_told(
    monkeypatch: pytest.MonkeyPatch, load: float, busy: float, steal: float, warning: str
) -> None:
    """By the load before, by others' share of the processors, or by what was taken away."""
    ticks = iter([machine.Ticks(100.0, 5.0, 1000.0), machine.Ticks(100 + busy, 5 + steal, 1100.0)])
    monkeypatch.setattr(machine, "_read_family", lambda: 0.0)
    watch = Watch(load, 2, clock=lambda: next(ticks))
    assert watch.judge()["warning"] == warning


def test_the_clock_of_a_process_is_its_own() -> None:
    """This process has used CPU time; one that waits for its input uses hardly any."""
    assert read_cpu(os.getpid()) > 0
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert read_cpu(child.pid) < read_cpu(os.getpid())
        child.kill()
