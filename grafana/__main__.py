"""`python -m grafana` writes grafana/dashboards/*.json; `--check` says which differ instead."""

from __future__ import annotations

import argparse
import sys

from grafana.boards import find_differences, write_boards


def main() -> int:
    """Write or compare; returns 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args().check:
        write_boards()
        return 0
    differing = find_differences()
    for name in differing:
        sys.stderr.write(f"grafana/dashboards/{name} is not what grafana/boards makes of it\n")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
