"""Which Service was meant, when there is none of the name that was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.explaining.wording import escape_text
from exporter.model import ServiceKey
from exporter.spelling import find_close

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
    close = find_close(name, by_name)
    return f"; did you mean {escape_text(str(by_name[close]))}?" if close else ""


def guess_name(name: str, known: Iterable[str]) -> str:
    """The same for any other name: `; did you mean …?`, or `` where nothing is spelled alike."""
    close = find_close(name, sorted(known)[:_MOST])
    return f"; did you mean {escape_text(close)}?" if close else ""
