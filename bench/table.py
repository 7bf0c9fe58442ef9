"""The results as a table on the terminal."""

from __future__ import annotations

from typing import Any

_ROWS: tuple[tuple[str, tuple[str, ...], float, str], ...] = (
    ("time to first complete scrape", ("first_scrape_seconds",), 1, "s"),
    ("CPU until then and idle", ("start_cpu",), 1, "s"),
    ("resident memory", ("memory_mib",), 1, "MiB"),
    ("resident memory after the updates", ("memory_after_mib",), 1, "MiB"),
    ("resident memory, highest", ("memory_highest_mib",), 1, "MiB"),
    ("unchanged scrape: time", ("unchanged", "seconds"), 1e3, "ms"),
    ("unchanged scrape: CPU", ("unchanged", "cpu"), 1e3, "ms"),
    ("unchanged scrape: bytes", ("unchanged", "bytes"), 1e-6, "MB"),
    ("unchanged scrape, gzip: time", ("unchanged_gzip", "seconds"), 1e3, "ms"),
    ("unchanged scrape, gzip: CPU", ("unchanged_gzip", "cpu"), 1e3, "ms"),
    ("unchanged scrape, gzip: bytes", ("unchanged_gzip", "bytes"), 1e-6, "MB"),
    ("scrape under updates: time", ("updating", "seconds"), 1e3, "ms"),
    ("scrape under updates, gzip: time", ("updating_gzip", "seconds"), 1e3, "ms"),
    ("CPU with updates and a scrape a second", ("updating", "cpu_share"), 1e2, "%"),
    ("CPU with updates and a gzip scrape a second", ("updating_gzip", "cpu_share"), 1e2, "%"),
    ("CPU per slice update", ("cpu_per_update",), 1e3, "ms"),
    ("CPU per Pod update", ("cpu_per_pod_update",), 1e3, "ms"),
    ("write to visible in a whole scrape", ("visible_seconds",), 1e3, "ms"),
)


def print_table(results: dict[str, Any]) -> None:
    """One row a figure, one column a subject, and how they relate."""
    names = list(results["subjects"])
    print(
        f"\n{results['services']} Services, {results['addresses']} addresses, "
        f"{results['pods']} Pods, {results['rate']} updates/s"
    )
    print(f"{'':44}" + "".join(f"{name:>26}" for name in names) + f"{'ratio':>8}")
    for title, path, factor, unit in _ROWS:
        values = [_look_up(results["subjects"][name], path) for name in names]
        if any(value is None for value in values):
            continue
        known = [value for value in values if value is not None]
        cells = "".join(f"{f'{value * factor:.2f} {unit}':>26}" for value in known)
        ratio = f"{known[0] / known[1]:>8.2f}" if len(known) > 1 and known[1] else ""
        print(f"{title:44}{cells}{ratio}")
    for encoding, floor in results["download"].items():
        print(
            f"plain download of the same lists, {encoding}: {floor['seconds']:.2f} s, "
            f"{floor['bytes'] / 1e6:.1f} MB"
        )


def _look_up(found: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = found
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else float(value)
