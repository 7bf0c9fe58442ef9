"""`check --manifests` behind the real Helm and the real kubectl, as a pipeline has it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / ".tools" / "bin"
CHART = REPOSITORY / "charts" / "kube-endpoints-exporter"
BASE = REPOSITORY / "deploy" / "kustomize" / "base"
SERVICE = "kube-endpoints-exporter"


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: nothing here is scraped."""


def _render(*command: str | Path) -> str:
    tool = TOOLS / command[0]
    assert tool.is_file(), f"{command[0]} is not built; run: python tools/build.py {command[0]}"
    words = [str(tool), *map(str, command[1:])]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def _check(text: str, *words: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "exporter", "check", *words, "-o", "json", "--manifests", "-"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert not done.stderr
    return done.returncode, json.loads(done.stdout)


def _tell(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["level"], one["rule"], one["subject"]) for one in document["remarks"]}


@pytest.mark.parametrize(
    "values,status,expected",
    [
        ((), 0, {("note", "SinglePoint", f"Service default/r-{SERVICE}")}),
        (("--set=replicas=2", "--set=leaderElection.enabled=true"), 0, set()),
    ],
)
def test_our_own_chart_is_as_it_should_be(
    values: tuple[str, ...], status: int, expected: set[tuple[str, str, str]]
) -> None:
    """`helm template … | check --manifests -`: nothing but what is chosen so."""
    got, document = _check(_render("helm", "template", "r", CHART, *values))
    assert (got, document["services"], _tell(document)) == (status, 1, expected)


def test_what_a_chart_gets_wrong_is_told_with_its_template() -> None:
    """A label of the Pods that the Service does not select by: the near miss and the template."""
    text = _render("helm", "template", "r", CHART)
    label = f"app.kubernetes.io/name: {SERVICE}"
    kinds = text.split("\n---\n")
    spoilt = [
        part.replace(label, f"{label}x") if "\nkind: Deployment\n" in part else part
        for part in kinds
    ]
    got, document = _check("\n---\n".join(spoilt), "-n", "shop")
    first = document["remarks"][0]
    assert (got, first["rule"]) == (1, "SelectorMatchesNoPods")
    assert first["source"] == f"{SERVICE}/templates/service.yaml"
    assert f"has app.kubernetes.io/name={SERVICE}x" in first["message"]


def test_what_kustomize_prints_is_taken() -> None:
    """`kubectl kustomize … | check --manifests -`, on the base that we ship."""
    got, document = _check(_render("kubectl", "kustomize", BASE))
    assert (got, document["services"]) == (0, 1)
    assert _tell(document) == {("note", "SinglePoint", f"Service monitoring/{SERVICE}")}
