"""Writes what is generated and committed, or (--check) tells which of it is out of date.

Everything comes out of the program itself, so a name has one place where it is spelled. A check
compares in memory and leaves the work tree alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, it finds the program beside it

from exporter.cli import render_cli_markdown  # noqa: E402  # found by the line above
from exporter.cli.manpage import render_manpage  # noqa: E402
from exporter.cli.metrics import render_metrics_markdown  # noqa: E402
from exporter.config import render_configuration_markdown  # noqa: E402
from exporter.web.api.openapi import render_openapi  # noqa: E402

#: File → what makes its text.
GENERATED: dict[str, Callable[[], str]] = {
    "docs/cli.md": render_cli_markdown,
    "docs/configuration.md": render_configuration_markdown,
    "docs/kube-endpoints-exporter.1": render_manpage,
    "docs/metrics.md": render_metrics_markdown,
    "docs/openapi.json": lambda: render_openapi().decode(),
}


def find_stale() -> list[tuple[Path, str]]:
    """The files whose text is not what it should be, each with what it should be."""
    stale = []
    for name, render in GENERATED.items():
        path, text = ROOT / name, render()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append((path, text))
    return stale


def main() -> int:
    """Write, or check and end with 1 when something is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    check = parser.parse_args().check
    stale = find_stale()
    for path, text in stale:
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is out of date; run: make generate", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
