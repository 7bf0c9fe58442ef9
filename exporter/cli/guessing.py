"""Which Service was meant, when there is none of the name that was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.explaining.wording import escape_text
from exporter.model import ServiceKey

# Comparing takes time that grows with the number of names; in a large cluster nobody waits for it.
_MOST = 20_000


def guess_service(name: str, namespaces: Sequence[str], known: Iterable[ServiceKey]) -> str:
    """`; did you mean …?` or ``: first the same name elsewhere, then what is spelled alike."""
    keys = sorted(known)
    elsewhere = [key for key in keys if key.name == name]
    if elsewhere:
        return f"; did you mean {escape_text(str(elsewhere[0]))}?"
    inside = [key for key in keys if not namespaces or key.namespace in namespaces]
    by_name = {key.name: key for key in reversed(inside[:_MOST])}
    import difflib  # for a mistake alone

    close = difflib.get_close_matches(name, by_name, n=1, cutoff=0.6)
    return f"; did you mean {escape_text(str(by_name[close[0]]))}?" if close else ""


def guess_name(name: str, known: Iterable[str]) -> str:
    """The same for any other name: `; did you mean …?`, or `` where nothing is spelled alike."""
    import difflib  # for a mistake alone

    close = difflib.get_close_matches(name, sorted(known)[:_MOST], n=1, cutoff=0.6)
    return f"; did you mean {escape_text(close[0])}?" if close else ""
