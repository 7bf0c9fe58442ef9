"""Which word was meant."""

from __future__ import annotations

import pytest

from exporter.spelling import find_close


@pytest.mark.parametrize(
    "word, known, cutoff, expected",
    [
        ("serivces", ("services", "server"), 0.6, "services"),
        ("svc", ("services",), 0.6, None),
        ("svc", ("services",), 0.5, "services"),
        ("x", (), 0.6, None),
    ],
)
def test_the_word_most_alike_is_meant(
    word: str, known: tuple[str, ...], cutoff: float, expected: str | None
) -> None:
    """The nearest of those known, and none where all are further away than the bound."""
    assert find_close(word, known, cutoff) == expected
