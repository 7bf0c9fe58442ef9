"""What a board's JSON has to keep to, without exceptions. Reads documents, asks no server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafana.lint.names import Families, read_families
from grafana.lint.panels import lint_panels
from grafana.lint.queries import lint_queries
from grafana.lint.structure import lint_structure

__all__ = ["Families", "lint_board", "read_families"]


def lint_board(
    document: Mapping[str, Any], boards: Mapping[str, Mapping[str, Any]], families: Families
) -> list[str]:
    """Everything that is wrong with a board, as sentences; `boards` are all of them, by uid."""
    return [
        *lint_structure(document),
        *lint_panels(document, boards),
        *lint_queries(document, families),
    ]
