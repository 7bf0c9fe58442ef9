"""The figures as docs/operations.md shows them: what they were measured on, then the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.subjects import OURS, PEER

BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->\n"


def replace_figures(document: str, figures: str) -> str:
    """The document with these figures in place of those between its marks.

    ValueError when it has no marks.
    """
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"no {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}{figures}\n{END}{after}"


def render(results: dict[str, Any]) -> str:
    """A run as Markdown: of growth or side by side, as it was written."""
    return "\n".join(_render_growth(results) if "steps" in results else _render_pair(results))


def _tell_machine(results: dict[str, Any]) -> str:
    machine, quiet = results["machine"], results["quiet"]
    noise = "a quiet machine" if not quiet["warning"] else "a machine that was not quiet"
    return (
        f"{noise} of {machine['cores']} cores ({machine['processor']}) with Python "
        f"{machine['python']}, {machine['when'][:10]}"
    )


def _render_pair(results: dict[str, Any]) -> Iterator[str]:
    options, small = results["options"], results["small"]
    with_pods = " with their Pods" if options["pods"] else ""
    own, peer = (results["subjects"][name] for name in (OURS, PEER))
    yield f"Measured on {_tell_machine(results)}."
    yield ""
    yield f"| {options['services']:,} Services × {options['addresses']} addresses{with_pods} | {OURS} | {PEER} |"  # noqa: E501 - a row
    yield "| --- | --- | --- |"

    def row(title: str, shown: str, *keys: str, **factors: float) -> str:
        cells = [
            shown.format(*(found[key] * factors.get(f"f{at}", 1) for at, key in enumerate(keys)))
            for found in (own, peer)
        ]
        return f"| {title} | {cells[0]} | {cells[1]} |"

    yield row("first complete scrape after start", "{:.1f} s", "start_seconds")
    yield row("CPU until then", "{:.1f} s", "start_cpu")
    yield row("resident memory", "{:.0f} MiB", "memory_mib")
    for title, encoding in (("plain", "identity"), ("gzip accepted", "gzip")):
        keys = [f"unchanged_{encoding}_{what}" for what in ("seconds", "bytes")]
        yield row(f"unchanged scrape, {title}", "{:.0f} ms, {:.1f} MB", *keys, f0=1e3, f1=1e-6)
    yield row("CPU per scrape", "{:.0f} ms", "unchanged_identity_cpu", f0=1e3)
    title = f"CPU per slice update ({options['rate']} a second)"
    yield row(title, "{:.2f} ms", "cpu_per_slices", f0=1e3)
    if options["pods"]:
        yield row("CPU per Pod update", "{:.2f} ms", "cpu_per_pods", f0=1e3)
    title = "the same and a scrape a second, of a core"
    yield row(title, "{:.0f} %", "updating_gzip_share", f0=1e2)
    title = "a write is visible in a whole scrape after"
    yield row(title, "{:.0f} ms", "visible_seconds", f0=1e3)
    title = f"first complete scrape of {small['services']} Services"
    yield f"| {title} | {small['own']:.2f} s | {small['peer']:.2f} s |"


def _render_growth(results: dict[str, Any]) -> Iterator[str]:
    each = results["options"]["addresses"]
    yield f"Measured on {_tell_machine(results)}, before simulated clusters."
    yield ""
    yield f"| Services × {each} addresses | first complete scrape | CPU until then | resident memory | scrape | scrape, gzip |"  # noqa: E501 - a row
    yield "| --- | --- | --- | --- | --- | --- |"
    for step in results["steps"]:
        scrapes = [
            f"{step[f'{name}_seconds'] * 1e3:.0f} ms, {step[f'{name}_bytes'] / 1e6:.1f} MB"
            for name in ("identity", "gzip")
        ]
        yield (
            f"| {step['services']:,} | {step['start_seconds']:.1f} s | {step['start_cpu']:.1f} s | "
            f"{step['memory_mib']:.0f} MiB | {scrapes[0]} | {scrapes[1]} |"
        )
