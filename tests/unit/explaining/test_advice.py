from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.explaining.advice import ADVICE
from exporter.model import INTENDED, Reason

PAGE = (Path(__file__).parents[3] / "docs" / "reasons.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
NAMES = {
    name: name.upper()
    for name in ("namespace", "service", "selector", "pod", "container", "node", "workload")
}


def test_the_page_has_a_section_for_each_reason_in_order() -> None:
    """Whoever is paged for a reason finds it, and no section is about a reason that is gone."""
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == [str(reason) for reason in Reason]


@pytest.mark.parametrize("reason", list(Reason))
def test_each_section_tells_meaning_evidence_and_what_to_do(reason: Reason) -> None:
    """A section says as much as `explain` does: the same advice and the same commands."""
    section = SECTIONS[reason]
    parts = re.findall(r"^\*\*(.+?)\.\*\* \S", section, re.MULTILINE)
    assert parts == ["Meaning", "Evidence", "What to do"]
    flat = " ".join(section.split())
    assert ADVICE[reason].fix.format(**NAMES) in flat
    block = re.search(r"```sh\n(.*?)\n```", section, re.DOTALL)
    assert block is not None
    assert block[1].split("\n") == [command.format(**NAMES) for command in ADVICE[reason].commands]


@pytest.mark.parametrize("reason", list(Reason))
def test_intended_zeros_are_marked(reason: Reason) -> None:
    """The page says which reasons nobody should be woken for."""
    assert ("*Intended.*" in SECTIONS[reason]) is (reason in INTENDED)
