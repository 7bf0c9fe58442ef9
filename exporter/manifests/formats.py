"""A verdict for machines that show remarks beside lines: GitHub's commands, JUnit, SARIF.

Whatever manifests hold is escaped: no remark can end an attribute, a line or a command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote
from xml.etree import ElementTree as ET

import msgspec

from exporter.explaining.wording import count_of, escape_text
from exporter.manifests.remarks import SUMMARIES, Level, Remark
from exporter.manifests.verdict import Verdict

PROGRAM = "kube-endpoints-exporter"
HOME = "https://github.com/kube-endpoints-exporter/kube-endpoints-exporter"
_DOCUMENT = f"{HOME}/blob/main/docs/manifests.md"


def say(one: Remark) -> str:
    """`Service shop/web: its message. What to do.`, safe to print."""
    text = " ".join(filter(None, (one.message, one.fix)))
    about = f"{one.subject}: {text}" if one.subject else text
    came = f" [{one.source}]" if one.source else ""
    return escape_text(about + came)


def write_line(one: Remark, level: str | None = None) -> str:
    """`FILE:LINE: LEVEL: RULE: what. Fix.`; `level` is how that word is shown."""
    return f"{escape_text(one.file)}:{one.line}: {level or one.level}: {one.rule}: {say(one)}"


# ── GitHub's workflow commands ───────────────────────────────────────────────────────────────

_COMMANDS = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.NOTE: "notice",
    Level.UNKNOWN: "notice",
}


def write_github(verdict: Verdict) -> Iterator[str]:
    """A command for each remark (docs.github.com, workflow commands), and a line that sums up."""
    for one in verdict.remarks:
        name = f"{one.rule} ({one.level})" if one.level is Level.UNKNOWN else one.rule
        place = f"file={_property(one.file)},line={one.line},title={_property(name)}"
        yield f"::{_COMMANDS[one.level]} {place}::{_data(say(one))}"
    yield sum_up(verdict)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(escape_text(text)).replace(":", "%3A").replace(",", "%2C")


def sum_up(verdict: Verdict) -> str:
    """`3 Services: 1 error, 2 warnings`, and what can't be told."""
    total = count_of(verdict.services, "Service")
    found = [
        count_of(verdict.count(level), level.value)
        for level in (Level.ERROR, Level.WARNING, Level.NOTE)
        if verdict.count(level)
    ]
    unknown = verdict.count(Level.UNKNOWN)
    if unknown:
        found.append(f"{unknown} that can't be told")
    if not verdict.services and verdict.ok is None:
        return "; ".join(filter(None, ("nothing was checked", ", ".join(found))))
    return f"{total}: {', '.join(found) or 'all as they should be'}"


# ── JUnit ────────────────────────────────────────────────────────────────────────────────────


def write_junit(verdict: Verdict) -> str:
    """A suite with a case for each object that was judged, and for what could not be read.

    Errors and warnings are failures; of what can't be told the case is skipped.
    """
    cases: dict[tuple[str, str, int], list[Remark]] = {
        (one.text, one.file, one.line): [] for one in verdict.judged
    }
    first = {(text, file): (text, file, line) for text, file, line in reversed(cases)}
    for one in verdict.remarks:
        key = first.get((one.subject, one.file), (one.subject or one.file, one.file, one.line))
        cases.setdefault(key, []).append(one)
    suite = ET.Element("testsuite", name=f"{PROGRAM} check --manifests")
    failures = skipped = 0
    for (text, file, line), remarks in cases.items():
        case = ET.SubElement(
            suite,
            "testcase",
            classname=escape_text(file),
            name=escape_text(text),
            file=escape_text(file),
            line=str(line),
        )
        bad = [one for one in remarks if one.level in (Level.ERROR, Level.WARNING)]
        open_ones = [one for one in remarks if one.level is Level.UNKNOWN]
        if bad:
            failures += 1
            failure = ET.SubElement(case, "failure", type=bad[0].rule, message=say(bad[0]))
            failure.text = "\n".join(write_line(one) for one in bad)
        elif open_ones:
            skipped += 1
            ET.SubElement(case, "skipped", message=say(open_ones[0]))
        rest = [one for one in remarks if one not in bad]
        if rest:
            ET.SubElement(case, "system-out").text = "\n".join(write_line(one) for one in rest)
    for name, number in (("tests", len(cases)), ("failures", failures), ("skipped", skipped)):
        suite.set(name, str(number))
    suite.set("errors", "0")
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


# ── SARIF ────────────────────────────────────────────────────────────────────────────────────

#: The identifier of the schema, as the standard names it (SARIF 2.1.0, 3.13.3).
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def write_sarif(verdict: Verdict, version: str) -> dict[str, object]:
    """The log of one run (SARIF 2.1.0). What can't be told is `open`, and fails nothing."""
    rules = sorted({one.rule for one in verdict.remarks})
    driver = {
        "name": PROGRAM,
        "version": version,
        "informationUri": HOME,
        "rules": [_describe_rule(rule) for rule in rules],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [
                    {"executionSuccessful": verdict.exit != 2, "exitCode": verdict.exit}
                ],
                "results": [_describe_result(one, rules) for one in verdict.remarks],
            }
        ],
    }


def _describe_rule(rule: str) -> dict[str, object]:
    known = SUMMARIES.get(rule)
    return {
        "id": rule,
        "shortDescription": {"text": known or f"{rule}: see the documentation."},
        "helpUri": _DOCUMENT if known else f"{HOME}/blob/main/docs/reasons.md#{rule.lower()}",
    }


def _describe_result(one: Remark, rules: list[str]) -> dict[str, object]:
    unknown = one.level is Level.UNKNOWN
    mark = f"{one.rule}\n{one.file}\n{one.subject}\n{one.message}"
    return {
        "ruleId": one.rule,
        "ruleIndex": rules.index(one.rule),
        # "If kind has any value other than fail, level shall be none" (3.27.10).
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else one.level.value,
        "message": {"text": say(one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri_of(one.file)},
                    "region": {"startLine": max(one.line, 1)},
                }
            }
        ],
        # Lines move; what is said of which object stays the same finding.
        "partialFingerprints": {
            "remark/v1": hashlib.sha256(mark.encode("utf-8", "replace")).hexdigest()[:32]
        },
    }


def _uri_of(file: str) -> str:
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), errors="replace")


def write_json(verdict: Verdict) -> dict[str, object]:
    """The document of `-o json`: all but the list of what was judged."""
    built = msgspec.to_builtins(verdict)
    del built["judged"]
    return dict(built)
