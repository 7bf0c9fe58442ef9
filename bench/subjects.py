"""The programs that are measured, and what each of them reads and tells when it has read all."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from bench.subject import Subject
from tests.e2e.harness.control_plane import find_binary
from tests.e2e.harness.exporter import COMMAND, make_environment
from tests.e2e.harness.processes import LOOPBACK, choose_port

OURS = "kube-endpoints-exporter"
PEER = "kube-state-metrics"
_LAUNCH = (sys.executable, "-m", "bench.launch")


class Reads(msgspec.Struct, frozen=True):
    """What there is to read: both programs read the same resources."""

    services: int
    addresses: int
    pods: bool


def make_exporter(
    kubeconfig: Path, reads: Reads, folder: Path, *, groups: str = "", holds: bool = False
) -> Subject:
    """The exporter; with `holds` it tells the longest hold of its loop, and is slower by that."""
    file = folder / "holds.json"
    command = [*_LAUNCH, "--holds", file] if holds else list(COMMAND)
    return _make_own(
        OURS + ("-watched" if holds else ""),
        [*command, "run", f"--kubeconfig={kubeconfig}", *_choose(reads, groups)],
        reads,
        folder,
        holds=file if holds else None,
    )


def make_exporter_in_pod(url: str, account: Path, reads: Reads, folder: Path) -> Subject:
    """The exporter with the environment and the account of a Pod."""
    host, _, port = url.removeprefix("https://").rpartition(":")
    return _make_own(
        f"{OURS}-in-pod",
        [*_LAUNCH, "--account", account, "run", *_choose(reads, "")],
        reads,
        folder,
        KUBERNETES_SERVICE_HOST=host,
        KUBERNETES_SERVICE_PORT=port,
        KUBECONFIG="",
    )


def make_peer(kubeconfig: Path, reads: Reads, folder: Path) -> Subject:
    """kube-state-metrics, which compresses too."""
    port, telemetry = choose_port(), choose_port()
    markers = {
        b"\nkube_service_info{": reads.services,
        b"\nkube_endpointslice_info{": reads.services,
    }
    if reads.pods:
        markers[b"\nkube_pod_info{"] = reads.services * reads.addresses
    return Subject(
        PEER,
        [
            find_binary("kube-state-metrics"),
            f"--kubeconfig={kubeconfig}",
            f"--resources=services,endpointslices{',pods' if reads.pods else ''}",
            "--enable-gzip-encoding",
            f"--host={LOOPBACK}",
            f"--port={port}",
            f"--telemetry-host={LOOPBACK}",
            f"--telemetry-port={telemetry}",
        ],
        f"http://{LOOPBACK}:{port}/metrics",
        markers,
        folder,
    )


def _choose(reads: Reads, groups: str) -> list[str]:
    chosen = [f"--pods={'auto' if reads.pods else 'off'}", "--nodes=off", "--workloads=off"]
    return [*chosen, f"--groups={groups}"] if groups else chosen


def _make_own(
    name: str,
    command: list[str | Path],
    reads: Reads,
    folder: Path,
    *,
    holds: Path | None = None,
    **environment: str,
) -> Subject:
    port = choose_port()
    markers = {b"\nk8s_service_endpoints_ready{": reads.services}
    if reads.pods:
        markers[b"\nk8s_service_pods_selected{"] = reads.services
    return Subject(
        name,
        [*command, f"--web.listen-address={LOOPBACK}:{port}"],
        f"http://{LOOPBACK}:{port}/metrics",
        markers,
        folder,
        environment={
            **make_environment(folder),
            # An image has the bytecode of everything; here the first start leaves it.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            **environment,
        },
        holds=holds,
    )
