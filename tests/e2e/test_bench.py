"""The bench on the real thing, as small as can be: it goes through, and tells what it promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main

_QUICK = ("--settle=0.2", "--rounds=1", "--scrapes=1")


def test_the_bench_compares_the_same_resources(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both programs read Services, slices and Pods, and have every figure; holds are named."""
    output = tmp_path / "results.json"
    size = ("--services=30", "--addresses=2", "--pods", "--rate=40", "--seconds=0.5")
    assert main([*_QUICK, *size, f"--output={output}"]) == 0
    results = json.loads(output.read_text())
    assert results["resources"] == ["endpointslices", "pods", "services"]
    own, peer = (
        results["subjects"][name] for name in ("kube-endpoints-exporter", "kube-state-metrics")
    )
    assert own.keys() - peer.keys() == {"namespace_cpu"}
    costs = ("slices", "slice_heartbeats", "pods", "pod_heartbeats")
    assert {f"cpu_per_{cost}" for cost in costs} <= peer.keys()
    assert all(value > 0 for found in (own, peer) for value in found.values())
    for found in (own, peer):
        assert found["unchanged_gzip_bytes"] < found["unchanged_identity_bytes"]
    assert {"first sync", "the costliest requests"} <= results["holds"].keys()
    assert "30 Services × 2 addresses, 60 Pods, 40 updates/s" in capsys.readouterr().out


def test_the_bench_of_growth_goes_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Simulated clusters of two sizes, the peer beside the smaller one, and a slope."""
    output = tmp_path / "growth.json"
    size = ("--growth", "--sizes=20,40", "--addresses=2", "--peer-up-to=20")
    assert main([*_QUICK, *size, f"--output={output}"]) == 0
    small, large = json.loads(output.read_text())["steps"]
    assert (small["addresses"], large["addresses"]) == (40, 80)
    assert "peer" in small
    assert "peer" not in large
    assert "slope" in large
    assert "slope of CPU up to 40 Services" in capsys.readouterr().out
