"""What is made from chart, rules and dashboards: complete, current, and told when it is not."""

from __future__ import annotations

import importlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import exporter
from grafana.boards.links import REPOSITORY as REPOSITORY_URL
from tests.chart.rendering import (
    AUTH,
    CHART,
    DEPENDENTS,
    ENDPOINTS,
    EVENTS,
    NAMESPACED_DEPENDENTS,
    NAMESPACED_ROUTES,
    NODES,
    PODS,
    REPOSITORY,
    ROUTES,
    SERVICES,
    SLICES,
    WORKLOADS,
)
from tools import chart as generator
from tools.chart_readme import list_described

RULE = """\
groups:
  - name: alerts
    rules:
      - alert: Gone
        expr: up == 0
        labels: {severity: info}
        annotations: {summary: "{{ $labels.service }}", __dashboardUid__: kube-endpoints-slo}
      - record: a:b
        expr: sum(up)
"""
BOARD = '{"title": "One {{service}}", "uid": "one"}'
jsonnet: Any = importlib.import_module("_jsonnet")  # comes without types


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all that the generator reads, with one rule file and one dashboard."""
    shutil.copytree(REPOSITORY / "deploy" / "rbac", tmp_path / generator.RBAC)
    shutil.copytree(CHART, tmp_path / generator.CHART)
    (tmp_path / "exporter").mkdir()
    (tmp_path / "exporter" / "__init__.py").write_text('__version__ = "9.8.7"\n')
    shutil.copy(REPOSITORY / "Dockerfile", tmp_path)
    (tmp_path / generator.RULES).mkdir()
    (tmp_path / generator.RULES / "all.rules.yaml").write_text(RULE)
    (tmp_path / generator.BOARDS).mkdir(parents=True)
    (tmp_path / generator.BOARDS / "one.json").write_text(BOARD)
    (tmp_path / generator.MIXIN).mkdir()
    for name in ("config.libsonnet", "lib.libsonnet"):
        shutil.copy(REPOSITORY / generator.MIXIN / name, tmp_path / generator.MIXIN / name)
    return tmp_path


def evaluate_mixin(root: Path, expression: str) -> Any:
    """Evaluate an expression over `mixin`, the mixin of a tree."""
    imported = json.dumps(str(root / "mixin" / "mixin.libsonnet"))
    source = f"local mixin = import {imported}; {expression}"
    return json.loads(jsonnet.evaluate_snippet("test", source))


def test_what_is_committed_is_what_would_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The chart's files, its README and the mixin are those of their sources."""
    assert generator.main(["--check", "--without-helm"]) == 0, capsys.readouterr().out


def test_differences_are_found(tree: Path) -> None:
    """A changed, a missing and a stale file each show; written again, none does."""
    owned = generator.OWNED[:3]
    files = generator.make_files(tree)
    generator.write(tree, files, owned=owned)
    assert generator.compare(tree, files, owned=owned) == []

    copy = generator.CHART / "files" / "rules" / "all.rules.yaml"
    (tree / copy).write_text("changed")
    (tree / generator.CHART / "README.md").unlink()
    stale = Path("mixin/rules/old.rules.json")
    (tree / stale).write_text("left over")
    differing = generator.compare(tree, files, owned=owned)
    assert differing == [generator.CHART / "README.md", copy, stale]

    generator.write(tree, files, owned=owned)
    assert generator.compare(tree, files, owned=owned) == []
    assert not (tree / stale).exists()


def test_the_version_is_written_once(tree: Path) -> None:
    """Chart and Dockerfile get the program's version when it changes."""
    files = generator.make_files(tree)

    assert "version: 9.8.7\n" in files[generator.CHART / "Chart.yaml"]
    assert 'appVersion: "9.8.7"\n' in files[generator.CHART / "Chart.yaml"]
    assert "kube-endpoints-exporter:v9.8.7\n" in files[generator.CHART / "Chart.yaml"]
    assert "ARG VERSION=9.8.7\n" in files[Path("Dockerfile")]


def test_the_address_of_the_project_is_written_once() -> None:
    """Chart, package and mixin have the address that the boards' links have."""
    address = re.compile(r"https://github\.com/[\w.-]+/kube-endpoints-exporter(?![\w-])")
    for path in ("Chart.yaml", "../../pyproject.toml", "../../mixin/config.libsonnet"):
        found = address.findall((CHART / path).read_text(encoding="utf-8"))
        assert set(found) == {REPOSITORY_URL}, path
    metadata = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert metadata["home"] == REPOSITORY_URL
    icon = metadata["icon"].removeprefix(f"{REPOSITORY_URL}/raw/main/")
    assert (REPOSITORY / icon).is_file()
    for link in yaml.safe_load(metadata["annotations"]["artifacthub.io/links"]):
        kind, _, place = link["url"].removeprefix(f"{REPOSITORY_URL}/").partition("/main/")
        assert kind == "issues" or (REPOSITORY / place).exists()


def test_what_is_deployed_is_of_this_version() -> None:
    """No label or image in deploy/ names another version than the program, as told without Helm."""
    named = [
        version
        for path in (REPOSITORY / "deploy").rglob("*.yaml")
        for version in re.findall(
            r"(?:helm\.sh/chart: kube-endpoints-exporter-|app\.kubernetes\.io/version: \"?"
            r"|/kube-endpoints-exporter:v)([0-9][^\s\"@]*)",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert len(named) > 20
    assert set(named) == {exporter.__version__}


def test_rules_and_boards_are_copied_byte_by_byte(tree: Path) -> None:
    """The chart gets the same text as the source, braces and all; the mixin the same boards."""
    files = generator.make_files(tree)

    assert files[generator.CHART / "files" / "rules" / "all.rules.yaml"] == RULE
    for folder in (generator.CHART / "files", generator.MIXIN):
        assert files[folder / "dashboards" / "one.json"] == BOARD


def test_the_charts_rules_are_those_of_deploy_rbac() -> None:
    """files/rbac.yaml, from which the roles are rendered, rule by rule."""
    text = (CHART / "files" / "rbac.yaml").read_text(encoding="utf-8")

    assert yaml.safe_load(text) == {
        "cluster": {
            "required": [SERVICES, SLICES],
            "endpoints": [ENDPOINTS],
            "pods": [PODS],
            "nodes": [NODES],
            "workloads": WORKLOADS,
            "dependents": DEPENDENTS,
            "routes": ROUTES,
            "auth": AUTH,
            "events": [EVENTS],
        },
        "namespace": {
            "required": [SERVICES, SLICES],
            "endpoints": [ENDPOINTS],
            "pods": [PODS],
            "workloads": WORKLOADS,
            "dependents": NAMESPACED_DEPENDENTS,
            "routes": NAMESPACED_ROUTES,
            "events": [EVENTS],
        },
    }


def test_every_group_of_deploy_rbac_is_embedded() -> None:
    """A new file in deploy/rbac can't be forgotten; budgets are read by hand, never by a server."""
    groups = {path.stem for path in (REPOSITORY / "deploy" / "rbac").glob("*.yaml")}

    assert groups - {"serviceaccount", "budgets"} == set(generator.GROUPS)


def test_the_mixin_holds_alerts_rules_and_boards(tree: Path) -> None:
    """Evaluated by jsonnet, the mixin gives alerts, recorded rules and dashboards apart."""
    generator.write(tree, generator.make_files(tree), owned=generator.OWNED[:3])

    assert evaluate_mixin(tree, "mixin.prometheusAlerts") == {
        "groups": [
            {
                "name": "alerts",
                "rules": [
                    {
                        "alert": "Gone",
                        "expr": "up == 0",
                        "labels": {"severity": "info"},
                        "annotations": {
                            "summary": "{{ $labels.service }}",
                            "__dashboardUid__": "kube-endpoints-slo",
                        },
                    }
                ],
            }
        ]
    }
    assert evaluate_mixin(tree, "mixin.prometheusRules") == {
        "groups": [{"name": "alerts", "rules": [{"record": "a:b", "expr": "sum(up)"}]}]
    }
    assert evaluate_mixin(tree, "mixin.grafanaDashboards") == {"one.json": json.loads(BOARD)}


def test_descriptions_are_read_with_their_paths() -> None:
    """Comments over several lines belong to the value below; other comments to none."""
    text = (
        "# head\n\na:\n  # -- One\n  # of two.\n  b: 1\n  # no\n  c: 2\n# -- Last | one.\nd: {}\n"
    )

    assert list(list_described(text)) == [("a.b", "One of two."), ("d", "Last | one.")]


def test_without_helm_the_error_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When helm was not built, it is said how to build it or do without."""
    monkeypatch.setattr(generator, "HELM", tmp_path / "helm")

    assert generator.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "helm is not in .tools/bin; run: python tools/build.py helm "
        "(or pass --without-helm to leave manifests as they are)\n"
    )
