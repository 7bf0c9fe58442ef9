from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from exporter import __version__
from exporter.analysis.policy import _KNOWN
from exporter.catalogue import DEFAULT_GROUPS, FAMILIES, Group
from exporter.config.settings import SETTINGS
from exporter.model import FindingCode, Reason
from exporter.objects.resources import RESOURCES
from exporter.telemetry import OWN_FAMILIES
from exporter.web.routes import ROUTES
from tests.contract.project import ROOT, WRITTEN, find_blocks, read

PYPROJECT: dict[str, Any] = tomllib.loads(read("pyproject.toml"))
OWN_NAMES = {family.name for family in OWN_FAMILIES}
#: Metrics of kube-state-metrics that people come from; ours replace them.
_FOREIGN = {"kube_endpoint_address", "kube_endpoint_ports"}
NAMES = {family.name for family in FAMILIES} | OWN_NAMES | _FOREIGN
#: Names with a colon are recording rules: they have their own tests.
_NAME = re.compile(
    r"(?<![\w:])(?:k8s_(?:service|endpointslices)|endpoints_exporter|kube_endpoint)_\w+(?!:)\b"
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_is_documented(family: Any) -> None:
    """docs/metrics.md has a row for each family, in the section of its group, with its labels."""
    page = read("docs/metrics.md")
    (section,) = (
        text for text in page.split("\n## ") if text.startswith(f"Group `{family.group.value}`")
    )
    (row,) = (line for line in section.splitlines() if line.startswith(f"| `{family.name}` |"))
    assert f"| {family.kind.value} |" in row
    assert all(f"`{label}`" in row for label in family.all_labels)


@pytest.mark.parametrize("family", OWN_FAMILIES, ids=lambda family: family.name)
def test_every_own_family_is_documented(family: Any) -> None:
    """docs/metrics.md has a row for each of the exporter's own families, with its labels."""
    section = read("docs/metrics.md").split("\n## The exporter's own metrics")[1]
    (row,) = (line for line in section.splitlines() if line.startswith(f"| `{family.name}` |"))
    assert all(f"`{label}`" in row for label in family.labels)


def test_no_document_names_a_metric_that_is_none() -> None:
    """Every metric name in a written document is in the catalogue, or begins names that are."""
    for path in WRITTEN:
        for found in _NAME.finditer(read(path)):
            name = re.sub(r"_(?:bucket|sum|count)$", "", found[0])
            known = found[0] in NAMES or name in NAMES
            begins = name.endswith("_") and any(one.startswith(name) for one in NAMES)
            assert known or begins, f"{path}: {found[0]}"


def test_every_setting_is_documented() -> None:
    """docs/configuration.md has a section for each setting, with its variable."""
    page = read("docs/configuration.md")
    for setting in SETTINGS:
        assert f"\n### `{setting.flag}`\n" in page
        assert f"`{setting.variable}`" in page


def test_every_reason_has_its_section_in_order() -> None:
    """docs/reasons.md has a section for each reason and each finding; what is both has one."""
    sections = re.findall(r"^## (\w+)$", read("docs/reasons.md"), re.MULTILINE)
    reasons = [reason.value for reason in Reason]
    findings = [code.value for code in FindingCode if code.value not in reasons]
    assert sections == [*reasons, *findings]


def test_every_route_is_documented() -> None:
    """docs/web.md has each path that is answered."""
    rows = [line for line in read("docs/web.md").splitlines() if line.startswith("| `/")]
    paths = {path for row in rows for path in re.findall(r"`(/[^`]*)`", row.split("|")[1])}
    assert paths == set(ROUTES)


def _requirements() -> dict[str, list[str]]:
    groups = PYPROJECT["dependency-groups"]
    development = [one for one in groups["dev"] if isinstance(one, str)]
    listed = {
        "At run time": PYPROJECT["project"]["dependencies"],
        "To build": groups["build"],
        "To develop": development,
    }
    return {
        title: [re.split(r"[<>=!~; \[]", one)[0] for one in found]
        for title, found in listed.items()
    }


def test_every_dependency_has_its_one_line() -> None:
    """docs/dependencies.md lists what pyproject.toml asks for, each with its reason, no other."""
    sections = read("docs/dependencies.md").split("\n## ")[1:]
    documented = {
        section.splitlines()[0]: re.findall(r"^- `([^`]+)`: \S", section, re.MULTILINE)
        for section in sections
    }
    assert {title: sorted(found, key=str.lower) for title, found in documented.items()} == {
        title: sorted(found, key=str.lower) for title, found in _requirements().items()
    }


@pytest.mark.parametrize(
    "path, titles",
    [
        ("requirements/runtime.txt", ("At run time",)),
        ("requirements/build.txt", ("To build",)),
        ("requirements/dev.txt", ("At run time", "To build", "To develop")),
    ],
)
def test_every_dependency_is_pinned(path: str, titles: tuple[str, ...]) -> None:
    """The pins know what pyproject.toml asks for: `make lock` was not forgotten."""
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==", read(path), re.MULTILINE)}
    wanted = {name.lower() for title in titles for name in _requirements()[title]}
    assert wanted <= pinned


def test_the_changelog_tells_of_every_group_of_metrics() -> None:
    """Under its Metrics heading the changelog names each group, where it belongs."""
    section = read("CHANGELOG.md").split("\n### Metrics\n")[1].split("\n## ")[0]
    always, _, asked = section.partition("Switched on with `--groups`")
    named = {
        True: set(re.findall(r"^- group `(\w+)`", always, re.MULTILINE)),
        False: set(re.findall(r"^- group `(\w+)`", asked, re.MULTILINE)),
    }
    for group in Group:
        assert group.value in named[group in DEFAULT_GROUPS]
    assert "the exporter's own" in always


def test_the_version_is_in_the_changelog() -> None:
    """The newest section of the changelog is about the version in the tree."""
    newest = re.search(r"^## (?:\[)?(\d+\.\d+\.\d+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__


def test_every_resource_has_its_permission_in_a_manifest() -> None:
    """docs/rbac.md names each file of deploy/rbac, and together they grant all that is read."""
    page = read("docs/rbac.md")
    manifests = sorted((ROOT / "deploy/rbac").glob("*.yaml"))
    granted = "\n".join(one.read_text(encoding="utf-8") for one in manifests)
    for manifest in manifests:
        assert f"| `{manifest.name}` |" in page
    for name in RESOURCES:
        assert f'"{name}"' in granted


@pytest.mark.parametrize("path", WRITTEN)
def test_links_lead_somewhere(path: str) -> None:
    """Every relative link of a document names a file that is there."""
    folder = (ROOT / path).parent
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(path)):
        if "://" not in target:
            assert (folder / target).exists(), target


@pytest.mark.parametrize("path", WRITTEN)
def test_yaml_in_a_document_is_yaml(path: str) -> None:
    """Every block of YAML can be read, and says something."""
    for block in find_blocks(path, "yaml"):
        assert [one for one in yaml.safe_load_all(block) if one], block


def test_the_documents_are_looked_at() -> None:
    """The list of documents that these tests walk is not empty."""
    assert {"README.md", "docs/operations.md", "docs/design/semantics.md"} <= set(WRITTEN)


def test_every_annotation_is_documented() -> None:
    """The README's table of annotations is the list of those that are understood."""
    rows = re.findall(r"^\| `endpoints-exporter\.io/([\w-]+): ", read("README.md"), re.MULTILINE)
    assert sorted(rows) == sorted(_KNOWN)
