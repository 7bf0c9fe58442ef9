"""`python -m bench`: loads a real API server, measures the exporter and kube-state-metrics on it.

Prints a table and writes JSON. It judges nothing: a slow machine is not a failed test.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.load import Size, fill, open_writer
from bench.measure import Plan, measure_download, measure_subject
from bench.subject import Subject
from bench.table import print_table
from tests.e2e.harness.control_plane import ControlPlane, MissingToolError, find_binary
from tests.e2e.harness.exporter import COMMAND, make_environment
from tests.e2e.harness.processes import LOOPBACK, choose_port


def parse_arguments() -> argparse.Namespace:
    """The sizes of the run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--services", type=int, default=2000)
    parser.add_argument("--addresses", type=int, default=20, help="per Service")
    parser.add_argument("--pods", action="store_true", help="create Pods and let both read them")
    parser.add_argument("--rate", type=int, default=200, help="slice updates per second")
    parser.add_argument("--seconds", type=int, default=20, help="of each phase with updates")
    parser.add_argument("--groups", default="", help="further metric groups of the exporter")
    parser.add_argument("--output", type=Path, default=Path("bench/results.json"))
    return parser.parse_args()


def make_subjects(
    options: argparse.Namespace, cluster: ControlPlane, folder: Path
) -> list[Subject]:
    """The exporter and its peer, on one kubeconfig."""
    ports = [choose_port() for _ in range(3)]
    resources = "services,endpointslices" + (",pods" if options.pods else "")
    own: list[str | Path] = [
        *COMMAND,
        "run",
        f"--kubeconfig={cluster.kubeconfig}",
        f"--web.listen-address={LOOPBACK}:{ports[0]}",
        f"--pods={'auto' if options.pods else 'off'}",
        "--nodes=off",
        "--workloads=off",
    ]
    if options.groups:
        own.append(f"--groups={options.groups}")
    peer: list[str | Path] = [
        find_binary("kube-state-metrics"),
        f"--kubeconfig={cluster.kubeconfig}",
        f"--resources={resources}",
        f"--host={LOOPBACK}",
        f"--port={ports[1]}",
        f"--telemetry-host={LOOPBACK}",
        f"--telemetry-port={ports[2]}",
    ]
    return [
        Subject(
            "kube-endpoints-exporter",
            own,
            f"http://{LOOPBACK}:{ports[0]}/metrics",
            b"\nk8s_service_endpoints_ready{",
            folder,
            make_environment(folder),
        ),
        Subject(
            "kube-state-metrics",
            peer,
            f"http://{LOOPBACK}:{ports[1]}/metrics",
            b"\nkube_endpointslice_info{",
            folder,
        ),
    ]


async def run(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    """The whole run; returns what is written as JSON."""
    size = Size(options.services, options.addresses, pods=options.pods)
    plan = Plan(rate=options.rate, seconds=options.seconds)
    with ControlPlane(folder, controllers=False, scheduler=False, kwok=False) as cluster:
        began = time.perf_counter()
        async with open_writer(cluster.url, str(cluster.ca_file), cluster.admin_token) as writer:
            print(f"creating {size.services} Services × {size.addresses} addresses …", flush=True)
            await fill(writer, size)
            print(f"created in {time.perf_counter() - began:.0f} s", flush=True)
            floor = await measure_download(cluster, pods=options.pods)
            subjects = {}
            for subject in make_subjects(options, cluster, folder):
                print(f"measuring {subject.name} …", flush=True)
                subjects[subject.name] = await measure_subject(subject, writer, size, plan)
    return {
        "services": size.services,
        "addresses": size.services * size.addresses,
        "pods": size.services * size.addresses if size.pods else 0,
        "rate": plan.rate,
        "download": floor,
        "subjects": subjects,
    }


def main() -> int:
    """Run, print, write."""
    options = parse_arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            results = asyncio.run(run(options, Path(folder)))
    except MissingToolError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print_table(results)
    options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
