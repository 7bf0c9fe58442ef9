"""What was meant by a word that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable


def find_close(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that is spelled most alike, None where none is.

    `cutoff`: how alike it has to be at least, from 0 to 1 (`difflib.SequenceMatcher.ratio`).
    """
    import difflib  # noqa: PLC0415 - for a mistake alone: no start should wait for it

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None
