from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from exporter.manifests.formats import write_github, write_json, write_junit, write_sarif
from exporter.manifests.remarks import SUMMARIES, Level, Remark, Rule
from exporter.manifests.verdict import Subject, decide
from tests.contract.project import read

BAD = Remark(
    Level.ERROR, "MissingPort", "a b/all.yaml", 7, "Ingress shop/front", "No port 8080.", "Name 80."
)
NOTE = Remark(Level.NOTE, "SinglePoint", "a b/all.yaml", 3, "Service shop/web", "One Pod.")
OPEN = Remark(Level.UNKNOWN, Rule.UNREADABLE, "stdin", 9, "", "it is not YAML: no end")
HOSTILE = Remark(
    Level.WARNING,
    "BelowMinReady",
    "a,b:c\n::error::x",
    1,
    "Service shop/x",
    "50% \r\n::stop-commands::\x1b[2J\ud800\ufffe]]><!--",
)
JUDGED = [
    Subject("Service", "shop/web", "a b/all.yaml", 1),
    Subject("Ingress", "shop/front", "a b/all.yaml", 5),
    Subject("Service", "shop/good", "a b/all.yaml", 20),
]
VERDICT = decide([NOTE, OPEN, BAD], JUDGED, (), blind=True, strict=False)
SAID = "Ingress shop/front: No port 8080. Name 80."
UGLY = decide([HOSTILE], JUDGED, (), blind=False, strict=False)


def _parse(text: str) -> ET.Element:
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - it is our own
    assert suite is not None
    return suite


def test_github_gets_a_command_a_remark_and_a_line_that_sums_up() -> None:
    """Worst first; a note and what can't be told are notices."""
    assert list(write_github(VERDICT)) == [
        f"::error file=a b/all.yaml,line=7,title=MissingPort::{SAID}",
        "::notice file=a b/all.yaml,line=3,title=SinglePoint::Service shop/web: One Pod.",
        "::notice file=stdin,line=9,title=Unreadable (unknown)::it is not YAML: no end",
        "2 Services: 1 error, 1 note, 1 that can't be told",
    ]


def test_no_text_ends_a_command_of_github() -> None:
    """Line breaks, colons and commas of names are escaped; nothing becomes a second command."""
    first, last = write_github(UGLY)
    assert first.startswith("::warning file=a%2Cb%3Ac\\x0a%3A%3Aerror%3A%3Ax,line=1,title=Below")
    assert "50%25 \\x0d\\x0a::stop-commands::\\x1b[2J" in first
    assert last == "2 Services: 1 warning"


def test_junit_has_a_case_for_each_object() -> None:
    """What is wrong fails, what can't be told is skipped, a note is output."""
    suite = _parse(write_junit(VERDICT))
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")} == {
        "tests": "4",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
    }
    cases = [(case.get("name"), [child.tag for child in case]) for case in suite]
    assert cases == [
        ("Service shop/web", ["system-out"]),
        ("Ingress shop/front", ["failure"]),
        ("Service shop/good", []),
        ("stdin", ["skipped", "system-out"]),
    ]
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "MissingPort"
    assert failure.text == f"a b/all.yaml:7: error: MissingPort: {SAID}"


def test_junit_is_xml_whatever_manifests_hold() -> None:
    """Control characters, lone surrogates and what ends a CDATA section."""
    suite = _parse(write_junit(UGLY))
    assert suite.get("failures") == "1"


def test_sarif_has_rules_results_and_places() -> None:
    """What can't be told is open and of level none; the run was no success where some is unread."""
    log: dict[str, Any] = write_sarif(VERDICT, "1.2.3")
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "MissingPort",
        "SinglePoint",
        "Unreadable",
    ]
    assert [
        (one["ruleId"], one["ruleIndex"], one["kind"], one["level"]) for one in run["results"]
    ] == [
        ("MissingPort", 0, "fail", "error"),
        ("SinglePoint", 1, "fail", "note"),
        ("Unreadable", 2, "open", "none"),
    ]
    assert run["results"][0]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20b/all.yaml"},
                "region": {"startLine": 7},
            }
        }
    ]
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]


def test_a_finding_keeps_its_fingerprint_when_lines_move() -> None:
    """A code host then knows it for the one of yesterday."""
    moved = Remark(**{**{name: getattr(BAD, name) for name in BAD.__struct_fields__}, "line": 90})
    marks = []
    for one in (BAD, moved):
        log: dict[str, Any] = write_sarif(decide([one], (), (), blind=False, strict=False), "1")
        marks.append(log["runs"][0]["results"][0]["partialFingerprints"])
    assert marks[0] == marks[1]


def test_json_has_the_remarks_and_the_status() -> None:
    """Everything but the list of what was judged."""
    document = write_json(VERDICT)
    assert {key: document[key] for key in ("ok", "exit", "services", "missing")} == {
        "ok": False,
        "exit": 1,
        "services": 2,
        "missing": (),
    }
    assert "judged" not in document


@pytest.mark.parametrize("rule", list(Rule))
def test_each_rule_is_told_in_a_sentence_and_in_the_document(rule: Rule) -> None:
    """SARIF lists them; docs/manifests.md says what each means."""
    assert SUMMARIES[rule].endswith(".")
    assert f"| `{rule}` |" in read("docs/manifests.md")
