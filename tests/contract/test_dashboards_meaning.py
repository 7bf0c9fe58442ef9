"""Words and colours mean the same on every board, and what the exporter means by them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from exporter.model import STANDING_VALUES, Reason
from grafana.boards.links import GRAFANA, PAGE
from grafana.boards.meaning import STANDINGS, color_reasons
from tests.contract.test_dashboards import load_boards


def find_mappings(value: object) -> Iterator[dict[str, Any]]:
    """The options of every mapping of values, wherever it stands."""
    if isinstance(value, dict):
        if value.get("type") == "value" and isinstance(value.get("options"), dict):
            yield value["options"]
        for one in value.values():
            yield from find_mappings(one)
    elif isinstance(value, list):
        for one in value:
            yield from find_mappings(one)


def test_words_are_those_of_the_exporter() -> None:
    """Each standing has its number, its word and a colour of its own."""
    assert {word.lower(): code for code, word, _ in STANDINGS} == STANDING_VALUES
    assert len({color for _, _, color in STANDINGS}) == len(STANDINGS)


def test_one_table_maps_standings_on_every_board() -> None:
    """Wherever a panel speaks of standings, it has all of them, in these words and colours."""
    wanted = {str(code): (word, color) for code, word, color in STANDINGS}
    speaking = set()
    for uid, board in load_boards().items():
        for options in find_mappings(board):
            shown = {code: (one["text"], one["color"]) for code, one in options.items()}
            if {"Degraded", "Intended"} & {word for word, _ in shown.values()}:
                assert shown == wanted, uid
                speaking.add(uid)
    assert {"kube-endpoints-overview", "kube-endpoints-namespace", "kube-endpoints-service"} <= (
        speaking
    )


def test_each_reason_has_one_colour() -> None:
    """Every reason is matched by exactly one of the patterns that colour graphs of reasons."""
    patterns = [re.compile(pattern.strip("/")) for pattern, _ in color_reasons()]
    for reason in Reason:
        assert sum(1 for pattern in patterns if pattern.match(reason.value)) == 1, reason


def test_bases_of_links_stand_as_they_are_told() -> None:
    """What docs/grafana.md has replaced is on the boards, and nothing else names this machine."""
    for uid, board in load_boards().items():
        text = json.dumps(board)
        assert GRAFANA not in text
        assert text.count("localhost") == text.count(f"{PAGE}/services/"), uid
        assert (PAGE in text) is (uid in ("kube-endpoints-overview", "kube-endpoints-service"))
