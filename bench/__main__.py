"""`python -m bench`: what the exporter takes, beside kube-state-metrics on one real API server.

Prints tables, each figure with its budget where it has one, and writes JSON. A budget that is
missed is told and is no failure: the machine may be slow. `--growth` measures on simulated
clusters instead; `--markdown` prints results that were written as the document shows them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import compare, growth
from bench.markdown import render, replace_figures
from bench.table import tell_comparison, tell_growth
from tests.e2e.harness.control_plane import MissingToolError

_RESULTS = Path("bench/results")


def parse_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The sizes of the run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--services", type=int, default=2000)
    parser.add_argument("--addresses", type=int, help="per Service [20; with --growth 10]")
    parser.add_argument("--pods", action="store_true", help="create Pods and let both read them")
    parser.add_argument("--rate", type=int, default=200, help="updates a second [200]")
    parser.add_argument("--seconds", type=float, default=15, help="of a phase with updates [15]")
    parser.add_argument("--settle", type=float, default=5, help="seconds before memory is read [5]")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each, in turns [3]")
    parser.add_argument("--scrapes", type=int, default=10, help="unchanged, of each [10]")
    parser.add_argument("--groups", default="", help="further metric groups of the exporter")
    parser.add_argument("--growth", action="store_true", help="simulated clusters that grow")
    parser.add_argument("--sizes", default="1000,10000,100000", help="of --growth, in Services")
    parser.add_argument(
        "--peer-up-to", type=int, default=10_000, help="Services the peer is measured with [10000]"
    )
    parser.add_argument("--output", type=Path, help=f"JSON [{_RESULTS}/NAME.json]")
    parser.add_argument(
        "--markdown", type=Path, nargs="+", metavar="JSON", help="print these results, and end"
    )
    parser.add_argument(
        "--into", type=Path, metavar="DOCUMENT", help="with --markdown: put them between its marks"
    )
    return parser.parse_args(words)


def name_results(options: argparse.Namespace) -> str:
    """The name of a run's file."""
    if options.growth:
        return "growth"
    return f"{options.services}x{options.addresses}{'-pods' if options.pods else ''}"


def run(options: argparse.Namespace) -> int:
    """Measure, print, write."""
    options.addresses = options.addresses or (10 if options.growth else 20)
    output = options.output or _RESULTS / f"{name_results(options)}.json"
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if options.growth:
            sizes = growth.Options(
                sizes=tuple(map(int, options.sizes.split(","))),
                addresses=options.addresses,
                peer_up_to=options.peer_up_to,
                settle=options.settle,
            )
            results = asyncio.run(growth.grow(sizes, folder))
            lines = tell_growth(results)
        else:
            fields = compare.Options.__struct_fields__
            chosen = compare.Options(**{field: getattr(options, field) for field in fields})
            results = asyncio.run(compare.compare(chosen, folder))
            lines = tell_comparison(results)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(f"written to {output}")
    return 0


def main(words: Sequence[str] | None = None) -> int:
    """Run, or print what was written before; exit status 2 when something is missing."""
    options = parse_arguments(words)
    if options.markdown:
        figures = "\n\n".join(render(json.loads(path.read_text())) for path in options.markdown)
        if options.into:
            text = options.into.read_text(encoding="utf-8")
            options.into.write_text(replace_figures(text, figures), encoding="utf-8")
        else:
            print(figures)
        return 0
    try:
        return run(options)
    except MissingToolError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
