"""The pages on Grafana and on kube-state-metrics name what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import promql_parser as promql
import pytest

from exporter.model import FindingCode, Reason
from grafana.boards import BOARDS
from grafana.lint.labels import find_labels, walk
from grafana.lint.names import read_families
from grafana.lint.panels import KINDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SHOTS = ROOT / "tests" / "e2e" / "shots"
PAGES = ("grafana.md", "coming-from-kube-state-metrics.md")


def read_page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_query_on_the_page_parses_and_names_what_is_there(page: str) -> None:
    """Queries marked as PromQL parse and use metrics and labels that there are."""
    families = read_families()
    queries = re.findall(r"```promql\n(.+?)```", read_page(page), re.DOTALL)
    assert len(queries) >= 3
    for text in queries:
        tree = promql.parse(text)
        findings: list[str] = []
        find_labels(tree, families, findings)
        for node, _ in walk(tree):
            if isinstance(node, promql.VectorSelector):
                asked = {matcher.name for matcher in node.matchers.matchers}
                assert node.name in families, text
                assert asked <= families[node.name].labels, text
        assert findings == [], text


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_on_the_page_is_in_the_catalogue(page: str) -> None:
    """Names of ours in tables and sentences are those of the catalogue."""
    named = set(re.findall(r"`(k8s_\w+|endpoints_exporter_\w+)", read_page(page)))
    assert named <= set(read_families())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    """Relative links on the page lead to files of the repository."""
    links = [link for link in re.findall(r"\]\(([^)#]+)", read_page(page)) if "://" not in link]
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_each_board_has_its_line() -> None:
    """The page on Grafana lists every board by its file."""
    page = read_page("grafana.md")
    assert [board.uid for board in BOARDS if f"/{board.uid}.json)" not in page] == []


def test_reasons_and_findings_can_be_linked_to_by_name() -> None:
    """Boards link to docs/reasons.md by what a label says, which no heading's own anchor is."""
    anchors = set(re.findall(r'<a id="(\w+)"></a>', read_page("reasons.md")))
    assert anchors == {*Reason, *FindingCode, "Unknown"}


def test_the_number_of_reasons_is_told_right() -> None:
    """As many reasons as the page says."""
    [said] = re.findall(r"Why: (\d+) reasons", read_page("coming-from-kube-state-metrics.md"))
    assert int(said) == len(Reason)


def test_each_board_has_its_picture() -> None:
    """The page shows or links to a picture of every board, and no other one of a board."""
    wanted = {f"board-{board.uid.removeprefix('kube-endpoints-')}.png" for board in BOARDS}
    assert set(re.findall(r"\(images/(board-\w+\.png)\)", read_page("grafana.md"))) == wanted
    assert {path.name for path in (DOCS / "images").glob("board-*")} == wanted


def test_pictures_are_said_to_be_made_by_what_makes_them() -> None:
    """The page names the command and the version of each of Grafana's parts, pinned exactly."""
    page = read_page("grafana.md")
    pinned = json.loads((SHOTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert [name for name, version in pinned.items() if not re.fullmatch(r"[\d.]+", version)] == []
    grafana = {name: version for name, version in pinned.items() if name.startswith("@grafana/")}
    assert set(grafana.values()) == {grafana["@grafana/ui"]}
    assert [name for name in grafana if f"`{name}`" not in page] == []
    assert f"{grafana['@grafana/ui']})" in page
    assert "`make boards-shots`" in page
    assert [path.name for path in SHOTS.glob("*lock*")] == []


def test_kinds_of_panels_that_are_not_drawn_are_named() -> None:
    """Of the kinds of the boards, those that the pictures leave out are the ones the page says."""
    drawn = re.search(
        r"const drawing = {(.+?)\n};", (SHOTS / "panels.jsx").read_text("utf-8"), re.DOTALL
    )
    assert drawn is not None
    kinds = set(re.findall(r"^  (\w+): \(", drawn[1], re.MULTILINE))
    assert KINDS - kinds == {"state-timeline"}
    assert "State timelines are left out" in read_page("grafana.md")
