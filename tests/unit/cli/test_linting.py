from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from tests.contract.project import ROOT
from tests.unit.cli.conftest import Run

EXAMPLE = "docs/examples/manifests.yaml"
NEITHER = "--manifests goes with neither --from-file nor -A"
BEHIND = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: x}}\n"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the repository, so that files are named as people name them."""
    monkeypatch.chdir(ROOT)


def test_lines_name_file_line_rule_and_object(run: Run, here: None) -> None:
    """The worst first, and one line that sums up."""
    status, out, err = run("check", "--manifests", EXAMPLE)
    lines = out.splitlines()
    assert (status, err) == (1, "")
    assert [": ".join(line.split(": ")[:4]) for line in lines[:-1]] == [
        f"{EXAMPLE}:10: error: SelectorMatchesNoPods: Service shop/cart",
        f"{EXAMPLE}:102: error: MissingPort: Ingress shop/front",
        f"{EXAMPLE}:109: error: MissingService: Ingress shop/front",
        f"{EXAMPLE}:53: warning: PortWithoutEndpoints: Service shop/stock",
        f"{EXAMPLE}:83: warning: BudgetNeverAllows: PodDisruptionBudget shop/stock",
    ]
    assert lines[-1] == "2 Services: 3 errors, 2 warnings"


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_documents_are_json_on_stdout_alone(run: Run, here: None, form: str) -> None:
    """And the status is the same."""
    status, out, err = run("check", "--manifests", EXAMPLE, "-o", form)
    assert (status, err) == (1, "")
    assert json.loads(out)


def test_junit_is_xml_with_all_that_was_judged(run: Run, here: None) -> None:
    """Two Services, two Deployments, a budget and an Ingress."""
    status, out, _ = run("check", "--manifests", EXAMPLE, "-o", "junit")
    assert status == 1
    assert len(ET.fromstring(out).findall("testsuite/testcase")) == 6  # noqa: S314 - our own


def test_stdin_is_read_and_n_is_the_namespace_of_what_names_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `helm template … | check -n shop --manifests -`; the template it came from is named."""
    text = f"---\n# Source: web/templates/service.yaml\n{BEHIND}"
    stdin = SimpleNamespace(buffer=io.BytesIO(text.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    status, out, _ = run("check", "-n", "shop", "--manifests", "-")
    assert status == 1
    assert out.startswith("stdin:6: error: SelectorMatchesNoPods: Service shop/web: ")
    assert out.splitlines()[0].endswith("[web/templates/service.yaml]")


def test_min_ready_of_the_command_holds_for_manifests(run: Run, here: None) -> None:
    """As of a cluster; an annotation says more."""
    _, out, _ = run("check", "--manifests", EXAMPLE, "--min-ready", "4")
    assert "warning: BelowMinReady: Service shop/stock: min-ready is 4" in out


@pytest.mark.parametrize(
    "words,why",
    [
        (("--manifests", "a", "--from-file", "b"), NEITHER),
        (("--manifests", "a", "-A"), NEITHER),
        (("--from-file", "b", "-o", "sarif"), "-o sarif goes with --manifests alone"),
        (("--from-file", "b", "--complete"), "--complete goes with --manifests alone"),
        (("--manifests", "none.yaml"), "none.yaml: can't be read: No such file or directory"),
    ],
)
def test_what_can_not_be_done_is_one_line(run: Run, words: tuple[str, ...], why: str) -> None:
    """And status 2."""
    status, out, err = run("check", *words)
    assert (status, out) == (2, "")
    assert err.rstrip().endswith(why)
    assert err.count("\n") == 1


def test_an_empty_folder_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    """A gate that looked at nothing is not open."""
    status, out, _ = run("check", "--manifests", str(tmp_path))
    assert status == 2
    assert out.splitlines() == [
        "there are no Services in it; --allow-empty takes that for good",
        "nothing was checked",
    ]
