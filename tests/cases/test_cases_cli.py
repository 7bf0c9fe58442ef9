"""Every case file through the real command line, black box: as it is given and in another order.

All orders go through the core (test_cases_core.py), where one costs a millisecond; `make cases`
runs all of them through the command line.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import run_cases

DATA = Path(__file__).with_name("data")
RUNNER = run_cases.Runner(f"{sys.executable} -m exporter", "--groups={groups}", 60.0)
ALL_VARIANTS = run_cases.variants


def first_and_last(case: dict[str, object]) -> list[tuple[str, object]]:
    """The dump as it is given, and the order that differs most from it."""
    found = ALL_VARIANTS(case)
    return found if len(found) == 1 else [found[0], found[-1]]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.yaml")), ids=lambda path: path.stem)
def test_case_through_the_command_line(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line says of the dump exactly what the case expects."""
    monkeypatch.setattr(run_cases, "variants", first_and_last)
    assert run_cases.run_case(path, RUNNER, tmp_path) == []
