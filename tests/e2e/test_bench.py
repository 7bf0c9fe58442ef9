"""The bench on the real thing, as small as can be: it goes through, and tells what it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_QUICK = ("--settle=0.2", "--rounds=1", "--scrapes=1")


def bench(*words: str) -> str:
    """What `python -m bench` prints."""
    # A process of its own: in this thread the browser of other tests has a loop running.
    command = [sys.executable, "-m", "bench", *_QUICK, *words]
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_bench_compares_the_same_resources(tmp_path: Path) -> None:
    """Both programs read Services, slices and Pods, and have every figure; holds are named."""
    output = tmp_path / "results.json"
    size = ("--services=30", "--addresses=2", "--pods", "--rate=40", "--seconds=0.5")
    told = bench(*size, f"--output={output}")
    results = json.loads(output.read_text())
    assert results["resources"] == ["endpointslices", "pods", "services"]
    own, peer = (
        results["subjects"][name] for name in ("kube-endpoints-exporter", "kube-state-metrics")
    )
    assert own.keys() - peer.keys() == {"namespace_cpu"}
    costs = ("slices", "slice_heartbeats", "pods", "pod_heartbeats")
    assert {f"cpu_per_{cost}" for cost in costs} <= peer.keys()
    # What takes less than a tick of the process clock may come out as nothing in so short a run.
    sure = ("start_seconds", "memory_mib", "unchanged_identity_bytes", "unchanged_gzip_bytes")
    assert all(found[name] > 0 for found in (own, peer) for name in sure)
    for found in (own, peer):
        assert found["unchanged_gzip_bytes"] < found["unchanged_identity_bytes"]
    assert {"first sync", "the costliest requests"} <= results["holds"].keys()
    assert "30 Services × 2 addresses, 60 Pods, 40 updates/s" in told


def test_the_bench_of_growth_goes_through(tmp_path: Path) -> None:
    """Simulated clusters of two sizes, the peer beside the smaller one, and a slope."""
    output = tmp_path / "growth.json"
    size = ("--growth", "--sizes=20,40", "--addresses=2", "--peer-up-to=20")
    told = bench(*size, f"--output={output}")
    small, large = json.loads(output.read_text())["steps"]
    assert (small["addresses"], large["addresses"]) == (40, 80)
    assert "peer" in small
    assert "peer" not in large
    assert "slope" in large
    assert "slope of CPU up to 40 Services" in told
