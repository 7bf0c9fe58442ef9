"""The Dockerfile and the workflows, as far as their text tells; `make e2e` builds the image."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, REPOSITORY

TEXT = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
FINAL = TEXT.split("\nFROM ")[-1]


def test_hadolint_is_content() -> None:
    """The linter finds nothing, and no rule is switched off."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [str(hadolint), "--no-color", "Dockerfile"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.stdout, done.returncode) == ("", 0)
    assert "hadolint ignore" not in TEXT


def test_it_does_not_run_as_root() -> None:
    """The last USER is a number (a kubelet can't check a name), and not that of root."""
    assert re.findall(r"^USER (.+)$", TEXT, re.MULTILINE) == ["65532:65532"]


def test_the_chart_leaves_the_user_to_the_image() -> None:
    """No uid and no fsGroup is asked for, since OpenShift gives each namespace its own."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for context in (values["podSecurityContext"], values["containerSecurityContext"]):
        assert context["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"} & set(context)


def test_the_final_image_installs_nothing() -> None:
    """Dependencies and the wheel are installed in the first stage; the second only copies."""
    assert not re.findall(r"^(?!#).* install ", FINAL, re.MULTILINE)
    assert "pip uninstall --yes pip" in FINAL
    assert re.findall(r"^COPY (.+)$", FINAL, re.MULTILINE) == [
        "--from=build /opt/kube-endpoints-exporter /opt/kube-endpoints-exporter"
    ]


def test_dependencies_are_the_pinned_ones() -> None:
    """Image and Makefile install the same locked files, with hashes."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

    assert "install --require-hashes -r requirements/runtime.txt" in TEXT
    assert "install --require-hashes -r requirements/runtime.txt" in makefile
    for line in re.findall(r"^[^#\n]*( install .*)", TEXT, re.MULTILINE):
        assert "--require-hashes" in line or "--no-index" in line


def test_the_build_gets_what_it_copies_and_little_else() -> None:
    """Whatever the first stage copies is let in by .dockerignore, which begins with nothing."""
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    first = TEXT.split("\nFROM ")[1]
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (.+)$", first, re.MULTILINE)
        for source in line.split()[:-1]
    }

    assert rules[0] == "*"
    assert let_in == copied
    assert fnmatch.filter(rules, "**/__pycache__")


def test_the_release_checks_what_it_publishes() -> None:
    """Image and chart are only published after the checks; the file says that it has not run."""
    text = (REPOSITORY / ".github/workflows/release.yaml").read_text(encoding="utf-8")
    workflow: dict[Any, Any] = yaml.safe_load(text)
    jobs = workflow["jobs"]

    assert text.startswith("# UNTESTED")
    assert jobs["image"]["needs"] == "check"
    assert jobs["chart"]["needs"] == "image"
    assert workflow["permissions"] == {}
    build = next(step for step in jobs["image"]["steps"] if step.get("id") == "build")
    assert build["with"]["sbom"] is True
    assert build["with"]["provenance"] == "mode=max"


def test_actions_are_named_by_commit() -> None:
    """Each action is a commit with its version beside it, and the same one wherever it is used."""
    workflows = sorted((REPOSITORY / ".github/workflows").glob("*.yaml"))
    assert [path.stem for path in workflows] == ["checks", "release"]
    files = [*workflows, REPOSITORY / "action.yml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = re.findall(r"uses: (\S+)(.*)$", text, re.MULTILINE)

    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
    assert len(set(used)) == len({action.partition("@")[0] for action, _ in used})


def test_a_release_builds_on_a_base_by_digest() -> None:
    """The one ARG names the base; the release asks the registry for its digest and builds on it."""
    text = (REPOSITORY / ".github/workflows/release.yaml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["image"]["steps"]
    names = [step.get("id") for step in steps]
    build = steps[names.index("build")]

    assert re.findall(r"^ARG BASE=(\S+)$", TEXT, re.MULTILINE) == [
        "docker.io/library/python:3.13-slim-bookworm"
    ]
    assert set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) == {"${BASE}"}
    assert names.index("base") < names.index("build")
    assert "s/^ARG BASE=//p' Dockerfile" in steps[names.index("base")]["run"]
    assert "BASE=${{ steps.base.outputs.base }}\n" in build["with"]["build-args"]


def test_any_builder_can_build_it() -> None:
    """No frontend is fetched, nothing of BuildKit alone is used, and probes are the cluster's."""
    assert "syntax=" not in TEXT
    assert "--mount" not in TEXT
    assert not re.search(r"<<-?\w", TEXT)
    assert "HEALTHCHECK" not in TEXT


def list_scripts(name: str) -> list[str]:
    """What the steps of a workflow run."""
    text = (REPOSITORY / ".github/workflows" / f"{name}.yaml").read_text(encoding="utf-8")
    workflow: dict[Any, Any] = yaml.safe_load(text)
    assert text.startswith("# UNTESTED")
    assert workflow["permissions"] == {}
    assert workflow["defaults"]["run"]["shell"] == "bash"
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize("name", ["checks", "release"])
def test_no_workflow_takes_a_broken_pipe_for_success(name: str) -> None:
    """A script with a pipe says pipefail itself; all are scripts that bash can read."""
    for script in list_scripts(name):
        if "|" in script:
            assert script.startswith("set -o pipefail\n")
        plain = re.sub(r"\$\{\{.*?\}\}", "x", script)
        subprocess.run(["bash", "-n"], input=plain, text=True, check=True, timeout=10)


def test_a_pull_request_gets_all_checks() -> None:
    """Lint, the tests on the oldest and the newest Python, and .ci/run."""
    text = (REPOSITORY / ".github/workflows/checks.yaml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    scripts = list_scripts("checks")

    assert {"make lint", "make test"} <= set(scripts)
    assert any(".ci/run" in script for script in scripts)
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_a_release_is_published_last_and_whole() -> None:
    """Nothing is published without Helm's check; the release has all its parts."""
    text = (REPOSITORY / ".github/workflows/release.yaml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    scripts = "\n".join(list_scripts("release"))

    assert "make generate\ngit diff --exit-code\n" in scripts
    assert jobs["publish"]["needs"] == ["image", "chart"]
    uploads = [
        step["with"]["name"]
        for job in jobs.values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact@")
    ]
    assert uploads == ["sbom", "chart"]
    assert "--target sdist --target wheel" in scripts
    assert "-C deploy manifests kustomize rbac" in scripts
