"""The run side by side: one real API server, the exporter and kube-state-metrics on it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench.load import Size, fill, make_namespaces, open_writer
from bench.machine import Watch, describe_machine
from bench.measure import Plan, measure_crowd, measure_holds, measure_query, measure_running
from bench.starts import measure_download, measure_small, measure_starts
from bench.subject import Subject
from bench.subjects import OURS, PEER, Reads, make_exporter, make_peer
from bench.updates import Updates
from tests.e2e.harness.control_plane import ControlPlane

#: Services of what is called a small cluster.
SMALL = 20
_CLIENT = aiohttp.ClientTimeout(total=120)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes of a run. `rate` is updates a second, `seconds` those of each phase with them."""

    services: int
    addresses: int
    pods: bool
    rate: int
    seconds: float
    settle: float
    rounds: int
    scrapes: int
    groups: str = ""


async def compare(options: Options, folder: Path) -> dict[str, Any]:
    """The whole run; returns what is written as JSON."""
    machine = describe_machine()
    watch = Watch(machine["load"], machine["cores"])
    size = Size(options.services, options.addresses, pods=options.pods)
    reads = Reads(options.services, options.addresses, options.pods)
    plan = Plan(options.seconds, options.settle, options.scrapes, options.pods)
    results: dict[str, Any] = {"machine": machine, "options": msgspec.to_builtins(options)}
    with ControlPlane(folder, controllers=False, scheduler=False, kwok=False) as cluster:
        pair = [
            make_exporter(cluster.kubeconfig, reads, folder, groups=options.groups),
            make_peer(cluster.kubeconfig, reads, folder),
        ]
        watched = make_exporter(
            cluster.kubeconfig, reads, folder, groups=options.groups, holds=True
        )
        async with (
            open_writer(cluster.url, str(cluster.ca_file), cluster.admin_token) as writer,
            aiohttp.ClientSession(auto_decompress=False, timeout=_CLIENT) as session,
        ):
            small = min(SMALL, options.services)
            await make_namespaces(writer, size)
            await fill(writer, size, range(small))
            _say(f"starting at {small} Services")
            results["small"] = await measure_small(cluster, session, small, folder, options.rounds)
            _say(f"creating {size.services} Services × {size.addresses} addresses")
            began = time.perf_counter()
            await fill(writer, size, range(small, size.services))
            _say(f"created in {time.perf_counter() - began:.0f} s; downloading, starting in turns")
            results["download"] = await measure_download(
                cluster, pods=options.pods, rounds=options.rounds
            )
            found = await measure_starts(pair, session, options.rounds)
            updates = Updates(writer, size, options.rate)
            try:
                for subject in pair:
                    await subject.start(session)
                results["resources"] = await _read_resources(pair[0], session)
                _say("measuring both")
                for name, figures in (await measure_running(pair, session, updates, plan)).items():
                    found[name] |= figures
                found[OURS]["namespace_cpu"] = await measure_query(
                    pair[0], session, "?namespace=bench-1", options.scrapes
                )
                pair[1].process.stop()
                results["crowd"] = await measure_crowd(pair[0], session)
                pair[0].process.stop()
                _say("measuring holds")
                results["holds"] = await measure_holds(watched, session, updates, plan)
            finally:
                for subject in (*pair, watched):
                    subject.process.stop()
    results["subjects"] = {name: found[name] for name in (OURS, PEER)}
    results["quiet"] = watch.judge()
    return results


async def _read_resources(subject: Subject, session: aiohttp.ClientSession) -> list[str]:
    """What the exporter reads: the comparison is of the same resources."""
    _, body = await subject.scrape(session)
    return sorted(re.findall(r'resource_synced\{resource="(\w+)"\} 1', body.decode()))


def _say(what: str) -> None:
    print(f"{what} …", flush=True)
