"""`python -m grafana` writes the boards and the alerts that Grafana evaluates itself.

`--check` says which files differ instead.
"""

from __future__ import annotations

import argparse
import sys

from grafana.alerting import FILE, render_provisioning
from grafana.boards import find_differences, write_boards


def main() -> int:
    """Write or compare; returns 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args().check:
        write_boards()
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(render_provisioning(), encoding="utf-8")
        return 0
    differing = [f"dashboards/{name}" for name in find_differences()]
    if not FILE.is_file() or FILE.read_text(encoding="utf-8") != render_provisioning():
        differing.append(f"provisioning/alerting/{FILE.name}")
    for name in differing:
        sys.stderr.write(f"grafana/{name} is not what `python -m grafana` writes\n")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
