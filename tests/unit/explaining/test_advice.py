from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.explaining.advice import ADVICE
from exporter.explaining.findings import FINDINGS, Telling
from exporter.model import INTENDED, FindingCode, Reason

PAGE, _, FINDINGS_PAGE = (
    (Path(__file__).parents[3] / "docs" / "reasons.md")
    .read_text(encoding="utf-8")
    .partition("\n# Findings\n")
)
SECTIONS = dict(
    re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", f"{PAGE}\n{FINDINGS_PAGE}", re.MULTILINE | re.DOTALL)
)
NAMES = {
    name: name.upper()
    for name in (
        "namespace",
        "service",
        "selector",
        "pod",
        "container",
        "node",
        "workload",
        "maker",
        "owner",
        "object",
    )
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


VARIANTS = [
    (code if isinstance(code, FindingCode) else code[0], telling)
    for code, telling in FINDINGS.items()
]


@pytest.mark.parametrize("code,telling", VARIANTS)
def test_each_finding_has_a_section_that_says_the_same(code: FindingCode, telling: Telling) -> None:
    """What `explain` tells to do, and with which commands, stands in the finding's section."""
    if code is FindingCode.ENDPOINTS_LAGGING:
        return  # the reason of that name has its section
    section = SECTIONS[code]
    parts = re.findall(r"^\*\*(.+?)\.\*\* \S", section, re.MULTILINE)
    assert parts == ["Meaning", "Evidence", "What to do"]
    assert telling.fix.format(**NAMES) in " ".join(section.split())
    block = re.search(r"```sh\n(.*?)\n```", section, re.DOTALL)
    assert block is not None
    assert {command.format(**NAMES) for command in telling.commands} <= set(block[1].split("\n"))


def test_the_table_of_findings_tells_who_watches_each() -> None:
    """Each row leads to a section, and to the runbook of the alert that fires for the finding."""
    rows = re.findall(r"^\| \[(\w+)\]\((#\w+)\) \| .* \| (.*) \|$", FINDINGS_PAGE, re.MULTILINE)
    assert [name for name, _, _ in rows] == [str(code) for code in FindingCode]
    for name, anchor, watched in rows:
        assert anchor == f"#{name.lower()}"
        alerts = {telling.alert for code, telling in VARIANTS if str(code) == name} - {""}
        assert set(re.findall(r"\[(\w+)\]", watched)) == alerts


@pytest.mark.parametrize("code", list(FindingCode))
def test_each_finding_is_told(code: FindingCode) -> None:
    """A short note, a sentence and what to do; nobody is told that there is nothing to do."""
    telling = FINDINGS[code]
    assert telling.note
    assert telling.message.endswith(".")
    assert telling.fix.endswith(".")
    assert telling.commands
    assert "Nothing to do" not in telling.fix
