from __future__ import annotations

import pytest

from exporter.cli.guessing import guess_service
from exporter.model import ServiceKey

KNOWN = [ServiceKey("shop", "checkout"), ServiceKey("shop", "web"), ServiceKey("bank", "ledger")]


@pytest.mark.parametrize(
    "name,namespaces,told",
    [
        ("chekout", ("shop",), "; did you mean shop/checkout?"),
        ("ledger", ("shop",), "; did you mean bank/ledger?"),
        ("ledgr", ("shop",), ""),
        ("ledgr", (), "; did you mean bank/ledger?"),
        ("zzz", (), ""),
    ],
)
def test_the_guess_is_the_same_name_elsewhere_or_a_similar_one_here(
    name: str, namespaces: tuple[str, ...], told: str
) -> None:
    """The same name in another namespace comes first, then a slip in the name."""
    assert guess_service(name, namespaces, KNOWN) == told


def test_a_guess_is_shown_safely() -> None:
    """A hostile name in the cluster does not reach the terminal raw."""
    assert guess_service("web", (), [ServiceKey("a\x1b", "web")]) == "; did you mean a\\x1b/web?"
