from __future__ import annotations

from pathlib import Path

import pytest

from exporter.server import Limits, Pace, auth, notices, seats, tokens

PAGE = (Path(__file__).parents[3] / "docs" / "web.md").read_text(encoding="utf-8")
LIMITS = Limits()


@pytest.mark.parametrize(
    "said",
    [
        f"| {LIMITS.connections} (`--web.max-connections`)",
        f"| {LIMITS.first_request:g} s (`--web.first-request-timeout`)",
        f"| {LIMITS.idle:g} s (`--web.idle-timeout`); before that {LIMITS.strange:g} s |",
        f"| {LIMITS.answer:g} s (`--web.answer-timeout`), {LIMITS.stall:g} s (`--web.stall",
        f"| {LIMITS.scrapes}; up to {LIMITS.scrapes_waiting} more wait",
        f"| {Pace().streams}, at most a quarter of all connections",
        f"| {auth._EACH} of an address, {auth._IN_ALL} in all",
        f"| {tokens._EACH} of an address, {tokens._IN_ALL} in all",
    ],
)
def test_the_limits_are_those_of_the_document(said: str) -> None:
    """docs/web.md says what a client may cost."""
    assert said in PAGE


def test_the_words_of_the_document_are_the_numbers() -> None:
    """Where it writes a number as a word, or in a sentence, this is the number."""
    assert (seats._SHARE, seats._PATIENT) == (3, 1.0)
    assert (tokens.YES, tokens.NO) == (60.0, 10.0)
    assert (notices._QUIET, notices._MOST) == (60.0, 10)
