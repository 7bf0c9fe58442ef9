from __future__ import annotations

import pytest

from exporter.cli.selecting import compile_selector

LABELS = {"app": "web", "tier": "front", "weight": "7", "empty": ""}


@pytest.mark.parametrize(
    "selector,matches",
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , tier=front", True),
        ("app=web,tier=back", False),
        ("app!=web", False),
        ("absent!=web", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("! app", False),
        ("app in (api, web)", True),
        ("app in (api)", False),
        ("absent in (web)", False),
        ("app notin (api,db)", True),
        ("app notin (web)", False),
        ("absent notin (web)", True),
        ("empty=", True),
        ("empty in (,x)", True),
        ("weight>6", True),
        ("weight > 7", False),
        ("weight<8", True),
        ("app>1", False),
        ("absent<1", False),
        ("app in (web),tier notin (back),!absent", True),
    ],
)
def test_selectors_match_as_the_api_server_does(selector: str, matches: bool) -> None:
    """Equality, sets, existence and comparison have the API server's meaning."""
    assert compile_selector(selector)(LABELS) is matches
