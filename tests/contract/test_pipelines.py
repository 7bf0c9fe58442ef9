"""What pipelines take from the repository: a hook of pre-commit, a GitHub Action, a document."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from exporter.cli.commands import BY_NAME
from exporter.cli.dispatch import build_parser
from tests.contract.project import ROOT, find_blocks, read

EXAMPLE = "docs/examples/manifests.yaml"
SESSIONS = list(find_blocks("docs/manifests.md", "console"))
PROGRAM = Path(sys.executable).with_name("kube-endpoints-exporter")

# What SARIF 2.1.0 asks of a log like ours (3.13, 3.14, 3.18, 3.20, 3.27, 3.29, 3.30, 3.49).
_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": _TEXT}}
_REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {"startLine": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "type": "object",
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": r"^[^\s\\]+$"}},
            "additionalProperties": False,
        },
        "region": _REGION,
    },
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "kind", "level", "message", "locations"],
    "properties": {
        "ruleId": _TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["fail", "open"]},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _MESSAGE,
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["physicalLocation"],
                "properties": {"physicalLocation": _PLACE},
                "additionalProperties": False,
            },
        },
        "partialFingerprints": {"type": "object", "additionalProperties": _TEXT},
    },
    "additionalProperties": False,
    "if": {"properties": {"kind": {"const": "open"}}},
    "then": {"properties": {"level": {"const": "none"}}},
}
_RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": _TEXT,
        "shortDescription": _MESSAGE,
        "helpUri": {"type": "string", "pattern": "^https://"},
    },
    "additionalProperties": False,
}
_DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "version": _TEXT,
        "informationUri": {"type": "string", "pattern": "^https://"},
        "rules": {"type": "array", "uniqueItems": True, "items": _RULE},
    },
    "additionalProperties": False,
}
_INVOCATION = {
    "type": "object",
    "required": ["executionSuccessful"],
    "properties": {
        "executionSuccessful": {"type": "boolean"},
        "exitCode": {"type": "integer"},
    },
    "additionalProperties": False,
}
_RUN = {
    "type": "object",
    "required": ["tool", "results"],
    "properties": {
        "tool": {
            "type": "object",
            "required": ["driver"],
            "properties": {"driver": _DRIVER},
            "additionalProperties": False,
        },
        "invocations": {"type": "array", "uniqueItems": True, "items": _INVOCATION},
        "results": {"type": "array", "items": _RESULT},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "pattern": "^https://"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN},
    },
    "additionalProperties": False,
}


def _check(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "exporter", "check", "--manifests", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_sarif_is_what_the_standard_asks_for(tmp_path: Path) -> None:
    """Each part that is there has the shape of SARIF 2.1.0, and indexes lead to their rules."""
    broken = tmp_path / "not yaml.yaml"
    broken.write_text("a: [\n", encoding="utf-8")
    log: dict[str, Any] = json.loads(_check(EXAMPLE, str(broken), "-o", "sarif").stdout)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    assert {one["kind"] for one in run["results"]} == {"fail", "open"}
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


@pytest.mark.parametrize("session", SESSIONS)
def test_the_document_shows_what_the_command_prints(session: str) -> None:
    """Line for line."""
    head, _, shown = session.removeprefix("$ ").partition("\n")
    _, *words = shlex.split(head)
    assert words[:2] == ["check", "--manifests"]
    assert _check(*words[2:]).stdout == shown


def test_the_hook_of_pre_commit_is_one() -> None:
    """pre-commit itself takes the file, and the command line is one that the program takes."""
    words = ["validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", *words], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    (hook,) = yaml.safe_load(read(".pre-commit-hooks.yaml"))
    _, name, *rest = shlex.split(hook["entry"])
    args = build_parser(BY_NAME[name]).parse_args([*rest, *hook["args"]])
    assert args.manifests == ["."]


@pytest.mark.parametrize(
    "given,status,begins",
    [
        ({"MANIFESTS": EXAMPLE}, 1, f"::error file={EXAMPLE},line=10,title=SelectorMatches"),
        ({"MANIFESTS": f"{EXAMPLE} docs/examples/none", "OUTPUT": "text"}, 2, ""),
        ({"MANIFESTS": "$(echo x)", "NAMESPACE": "$(echo shop)"}, 2, ""),
    ],
)
def test_the_step_of_the_action_runs_the_program(
    tmp_path: Path, given: dict[str, str], status: int, begins: str
) -> None:
    """Its script with its inputs, as GitHub would run it; inputs are words and never run."""
    inputs = yaml.safe_load(read("action.yml"))["inputs"]
    steps = yaml.safe_load(read("action.yml"))["runs"]["steps"]
    step = next(one for one in steps if one.get("name") == "Check")
    names = {name: value.split(".")[1].split(" ")[0] for name, value in step["env"].items()}
    defaults = {name: inputs[wanted].get("default", "") for name, wanted in names.items()}
    bin_folder = tmp_path / "kube-endpoints" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "kube-endpoints-exporter").symlink_to(PROGRAM)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=ROOT,
        env={**os.environ, "RUNNER_TEMP": str(tmp_path), **defaults, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout[: len(begins)]) == (status, begins), done.stderr


def test_the_action_installs_what_is_pinned() -> None:
    """By the file of requirements with hashes that the repository has."""
    steps = yaml.safe_load(read("action.yml"))["runs"]["steps"]
    (install,) = [one["run"] for one in steps if one.get("name") == "Install"]
    assert "--require-hashes" in install
    assert "$GITHUB_ACTION_PATH/requirements/runtime.txt" in install
    assert (ROOT / "requirements" / "runtime.txt").is_file()
