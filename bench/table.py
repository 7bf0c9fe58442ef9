"""The results as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bench.budgets import Verdict, judge, judge_growth
from bench.subjects import OURS, PEER

#: What is shown of both, its key, and the factor to the unit.
ROWS: tuple[tuple[str, str, float, str], ...] = (
    ("time to first complete scrape", "start_seconds", 1, "s"),
    ("CPU until then", "start_cpu", 1, "s"),
    ("resident memory", "memory_mib", 1, "MiB"),
    ("resident memory after the updates", "memory_after_mib", 1, "MiB"),
    ("resident memory, highest", "memory_highest_mib", 1, "MiB"),
    ("unchanged scrape: time", "unchanged_identity_seconds", 1e3, "ms"),
    ("unchanged scrape: CPU", "unchanged_identity_cpu", 1e3, "ms"),
    ("unchanged scrape: bytes", "unchanged_identity_bytes", 1e-6, "MB"),
    ("unchanged scrape, gzip: time", "unchanged_gzip_seconds", 1e3, "ms"),
    ("unchanged scrape, gzip: CPU", "unchanged_gzip_cpu", 1e3, "ms"),
    ("unchanged scrape, gzip: bytes", "unchanged_gzip_bytes", 1e-6, "MB"),
    ("CPU per slice update", "cpu_per_slices", 1e3, "ms"),
    ("CPU per slice update that changes nothing", "cpu_per_slice_heartbeats", 1e3, "ms"),
    ("CPU per Pod update", "cpu_per_pods", 1e3, "ms"),
    ("CPU per Pod update that changes nothing", "cpu_per_pod_heartbeats", 1e3, "ms"),
    ("scrape under updates: time", "updating_identity_seconds", 1e3, "ms"),
    ("scrape under updates, gzip: time", "updating_gzip_seconds", 1e3, "ms"),
    ("CPU with updates and a scrape a second", "updating_identity_share", 1e2, "%"),
    ("CPU with updates and a gzip scrape a second", "updating_gzip_share", 1e2, "%"),
    ("write to visible in a whole scrape", "visible_seconds", 1e3, "ms"),
)


def tell_machine(results: dict[str, Any]) -> Iterator[str]:
    """What it was measured on, and a warning when others were at work."""
    machine, quiet = results["machine"], results["quiet"]
    yield (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}; load before {machine['load']}, "
        f"others {quiet['foreign']:.0%}, stolen {quiet['steal']:.0%}"
    )
    if quiet["warning"]:
        yield f"WARNING: {quiet['warning']}"


def tell_comparison(results: dict[str, Any]) -> Iterator[str]:
    """One row a figure, one column a program, and how they relate; then the budgets."""
    options, subjects = results["options"], results["subjects"]
    pods = options["services"] * options["addresses"] if options["pods"] else 0
    yield ""
    yield (
        f"{options['services']:,} Services × {options['addresses']} addresses, {pods:,} Pods, "
        f"{options['rate']} updates/s; both read {', '.join(results['resources'])}"
    )
    yield from tell_machine(results)
    yield f"{'':44}{OURS:>26}{PEER:>26}{'ratio':>8}"
    for title, key, factor, unit in ROWS:
        own, peer = (subjects[name].get(key) for name in (OURS, PEER))
        if own is not None and peer is not None:
            cells = "".join(f"{f'{value * factor:.2f} {unit}':>26}" for value in (own, peer))
            yield f"{title:44}{cells}{f'{own / peer:.2f}' if peer else '':>8}"
    small = results["small"]
    title = f"first complete scrape of {small['services']} Services"
    cells = "".join(f"{f'{small[who]:.2f} s':>26}" for who in ("own", "peer"))
    yield f"{title:44}{cells}{small['own'] / small['peer']:>8.2f}"
    cells = "".join(f"{f'{small[who]:.2f} s':>26}" for who in ("own_cpu", "peer_cpu"))
    yield f"{'  CPU until then':44}{cells}{small['own_cpu'] / small['peer_cpu']:>8.2f}"
    for encoding, floor in results["download"].items():
        yield (
            f"plain download of the same lists, {encoding}: {floor['seconds']:.2f} s, "
            f"{floor['bytes'] / 1e6:.1f} MB"
        )
    yield from _tell_holds(results["holds"])
    yield from tell_verdicts(judge(results))


def tell_growth(results: dict[str, Any]) -> Iterator[str]:
    """One row a size and program, then the budgets."""
    yield ""
    yield from tell_machine(results)
    yield (
        f"{'Services':>9}{'addresses':>11}  {'':24}{'first':>8}{'CPU':>8}{'slope':>7}{'memory':>9}"
        f"{'highest':>9}{'scrape':>19}{'gzip':>18}"
    )
    for step in results["steps"]:
        yield _tell_step(step, step, OURS)
        if "peer" in step:
            yield _tell_step(step, step["peer"], PEER)
    for step in results["steps"]:
        yield f"{step['services']:,} Services:"
        yield from _tell_holds(step["holds"])
    yield from tell_verdicts(judge_growth(results))


def _tell_step(step: dict[str, Any], found: dict[str, Any], name: str) -> str:
    slope = f"{found['slope']:.2f}" if "slope" in found else ""
    scrapes = ""
    for encoding, wide in (("identity", 7), ("gzip", 6)):
        size = found[f"{encoding}_bytes"] / 1e6
        scrapes += f"{found[f'{encoding}_seconds'] * 1e3:>8.0f} ms{size:>{wide}.1f} MB"
    return (
        f"{step['services']:>9,}{step['addresses']:>11,}  {name:24}{found['start_seconds']:>6.1f} s"
        f"{found['start_cpu']:>6.1f} s{slope:>7}{found['memory_mib']:>9.0f}"
        f"{found['memory_highest_mib']:>9.0f}{scrapes}"
    )


def _tell_holds(holds: dict[str, dict[str, Any]]) -> Iterator[str]:
    for phase, hold in holds.items():
        title = f"longest hold, {phase}"
        yield f"{title:60}{hold['seconds'] * 1e3:>10.1f} ms  {hold['name']}"


def tell_verdicts(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Each budget, what was measured, and whether it was met."""
    yield f"{'budgets':60}{'measured':>12}{'at most':>12}"
    for one in verdicts:
        cells = (f"{value:.2f} {one.unit}".strip() for value in (one.measured, one.limit))
        yield (
            f"{one.title:60}"
            + "".join(f"{cell:>12}" for cell in cells)
            + ("  met" if one.met else "  MISSED")
        )
