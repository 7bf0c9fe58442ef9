"""Write what is made from the chart, the rules and the dashboards; `--check` tells what differs.

Sources: the program's version, `deploy/rbac`, `alerts`, `grafana`, and the chart's values and
templates. Made from them: the chart's `files/` and README, the mixin, every other place that has
the version, and (by Helm) plain manifests and the kustomize base. Never reads a cluster. Run it as
`python -m tools.chart`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from grafana.alerting import list_groups
from grafana.boards.links import REPOSITORY
from tools.chart_manifests import HelmError, render_deployments
from tools.chart_readme import write_readme
from tools.mixin import list_thresholds, mark_rules, write_mixin

ROOT = Path(__file__).resolve().parent.parent
CHART = Path("charts/kube-endpoints-exporter")
RBAC = Path("deploy/rbac")
RULES = Path("alerts")
BOARDS = Path("grafana/dashboards")
MIXIN = Path("mixin")
HELM = Path(".tools/bin/helm")
#: Folders that hold nothing but what is made here: whatever else lies in them is stale.
OWNED = (
    CHART / "files",
    Path("mixin/rules"),
    Path("mixin/dashboards"),
    Path("deploy/manifests"),
    Path("deploy/kustomize"),
)
#: For GrafanaAlertRuleGroup resources: the `rules` of each group are those of its `spec`.
GRAFANA_ALERTS = "# Made from alerts/ by tools/chart.py: alerts that Grafana evaluates itself.\n"
#: Where the numbers stand that prometheusRule.thresholds changes.
THRESHOLDS = "# Made from tools/mixin.py by tools/chart.py.\n"
GROUPS = (
    "required",
    "endpoints",
    "pods",
    "nodes",
    "workloads",
    "dependents",
    "routes",
    "auth",
    "events",
)

#: Files that repeat the program's version: what stands before and behind it.
VERSIONED = (
    (CHART / "Chart.yaml", r"^(version: ).+()$"),
    (CHART / "Chart.yaml", r'^(appVersion: ").+(")$'),
    (CHART / "Chart.yaml", r"^(      image: ghcr\.io/.+:v).+()$"),
    (Path("Dockerfile"), r"^(ARG VERSION=).+()$"),
)

#: The project's address, wherever Chart.yaml has it.
_ADDRESS = re.compile(r"https://github\.com/[^/\s]+/[^/\s]+")

Files = dict[Path, str]


def main(arguments: list[str] | None = None) -> int:
    """Write, or with `--check` compare; 0 when all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, tell what differs")
    parser.add_argument(
        "--without-helm", action="store_true", help="leave manifests and kustomize as they are"
    )
    args = parser.parse_args(arguments)
    try:
        files = make_files(ROOT)
        if not args.without_helm:
            if not args.check:
                write(
                    ROOT, files, owned=OWNED[:3]
                )  # the chart has to hold its files to be rendered
            files |= render_deployments(ROOT / CHART, ROOT / HELM)
    except HelmError as error:
        print(error, file=sys.stderr)
        return 1
    owned = OWNED[:3] if args.without_helm else OWNED
    if not args.check:
        write(ROOT, files, owned=owned)
        return 0
    differing = compare(ROOT, files, owned=owned)
    for path in differing:
        print(f"{path}: is not what `python -m tools.chart` writes")
    return 1 if differing else 0


def make_files(root: Path) -> Files:
    """Everything that is made without Helm, by path from the root."""
    rules = read_folder(root / RULES, "*.rules.yaml")
    boards = read_folder(root / BOARDS, "*.json")
    files: Files = {CHART / "files" / "rbac.yaml": collect_rbac(root / RBAC)}
    files |= {CHART / "files" / "rules" / name: text for name, text in rules.items()}
    for folder in (CHART / "files", MIXIN):
        files |= {folder / "dashboards" / name: text for name, text in boards.items()}
    groups = {"groups": list_groups(root / RULES)}
    files[CHART / "files" / "grafana-alerts.yaml"] = GRAFANA_ALERTS + yaml.safe_dump(
        groups, sort_keys=False
    )
    thresholds = {"thresholds": list_thresholds(rules.values())}
    files[CHART / "files" / "thresholds.yaml"] = THRESHOLDS + yaml.safe_dump(thresholds)
    marked = {f"{Path(name).stem}.json": mark_rules(text) for name, text in rules.items()}
    files |= {MIXIN / "rules" / name: text for name, text in marked.items()}
    files[MIXIN / "mixin.libsonnet"] = write_mixin(marked, boards, list_recorded(rules.values()))
    files[CHART / "README.md"] = write_readme(root / CHART)
    version = read_version(root)
    for path, pattern in VERSIONED:
        text = files.get(path) or (root / path).read_text(encoding="utf-8")
        files[path] = re.sub(pattern, rf"\g<1>{version}\g<2>", text, flags=re.MULTILINE)
    metadata = CHART / "Chart.yaml"
    files[metadata] = _ADDRESS.sub(REPOSITORY, files[metadata])
    return files


def read_version(root: Path) -> str:
    """The version of the program: the one place where it is written by hand."""
    text = (root / "exporter" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise HelmError('exporter/__init__.py has no line __version__ = "…"')
    return found[1]


def read_folder(folder: Path, pattern: str) -> dict[str, str]:
    """The files of a folder by name; empty when there is no such folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern))}


def collect_rbac(folder: Path) -> str:
    """The rules of deploy/rbac as one document: scope, then group, then its rules."""
    scopes = {"cluster": folder, "namespace": folder / "namespaced"}
    document = {
        scope: {
            group: read_rules(where / f"{group}.yaml")
            for group in GROUPS
            if (where / f"{group}.yaml").is_file()
        }
        for scope, where in scopes.items()
    }
    return "# Made from deploy/rbac by tools/chart.py.\n" + yaml.safe_dump(
        document, sort_keys=False
    )


def read_rules(path: Path) -> list[Any]:
    """The rules of the one role in a file of deploy/rbac."""
    documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    [rules] = [one["rules"] for one in documents if one and "rules" in one]
    return list(rules)


def list_recorded(rules: Iterable[str]) -> list[str]:
    """The names of all that rules record."""
    groups = [group for text in rules for group in yaml.safe_load(text)["groups"]]
    return sorted(rule["record"] for group in groups for rule in group["rules"] if "record" in rule)


def list_present(root: Path, owned: tuple[Path, ...]) -> set[Path]:
    """What lies in the folders that are ours."""
    return {
        path.relative_to(root)
        for folder in owned
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def write(root: Path, files: Files, *, owned: tuple[Path, ...]) -> None:
    """Make the tree hold these files, and in the owned folders nothing else."""
    for stale in list_present(root, owned) - set(files):
        (root / stale).unlink()
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def compare(root: Path, files: Files, *, owned: tuple[Path, ...]) -> list[Path]:
    """The paths that are missing, differ or should not be there."""
    stale = list_present(root, owned) - set(files)
    wrong = {
        path
        for path, text in files.items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    }
    return sorted(stale | wrong)


if __name__ == "__main__":
    sys.exit(main())
