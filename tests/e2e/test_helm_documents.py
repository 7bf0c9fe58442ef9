"""Values of the chart that documents show, rendered by the real Helm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chart.rendering import pick, pick_one, render
from tests.contract.project import WRITTEN, find_blocks

MARK = "# values.yaml\n"
SNIPPETS = [
    (path, block) for path in WRITTEN for block in find_blocks(path, "yaml") if MARK in block[:20]
]


@pytest.mark.parametrize("path, block", SNIPPETS)
def test_values_in_a_document_are_taken(path: str, block: str, tmp_path: Path) -> None:
    """Every block of values renders: the schema knows each key, and nothing contradicts."""
    values = tmp_path / "values.yaml"
    values.write_text(block, encoding="utf-8")

    assert pick_one(render(values), "Deployment"), path


def test_there_are_values_in_documents() -> None:
    """The places where it runs have blocks, or the test above would be empty."""
    assert len([path for path, _ in SNIPPETS if path == "docs/where-it-runs.md"]) >= 9


def test_flux_leaves_the_marked_objects_alone(tmp_path: Path) -> None:
    """Rules and boards of the section on Flux carry the annotation that switches it off."""
    [block] = [block for _, block in SNIPPETS if "fluxcd" in block]
    values = tmp_path / "values.yaml"
    values.write_text(block, encoding="utf-8")
    objects = render(values)

    marked = [*pick(objects, "PrometheusRule"), *pick(objects, "ConfigMap")]
    assert len(marked) > 1
    for one in marked:
        annotations = one["metadata"]["annotations"]
        assert annotations["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
