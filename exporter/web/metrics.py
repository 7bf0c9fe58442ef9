"""/metrics: format, encoding and filters of a scrape. It computes no sample and never waits."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.catalogue import FAMILIES
from exporter.exposition import Format, Page, accepts_gzip, content_type, negotiate
from exporter.spelling import find_close
from exporter.web.messages import COMMON_HEADERS, Request, Response, Site, say

_LONGEST_SHOWN = 80


class _BadFilter(Exception):  # noqa: N818 - it becomes a 400
    """A filter that can't be meant as it is."""


def answer_metrics(request: Request, site: Site) -> Response:
    """The exposition, or a 400 that says in one line which filter is wrong.

    `namespace=` keeps what is about these namespaces and leaves the exporter's own metrics out;
    `family=` (or `name[]=`) keeps these families, own ones included. Both can be given several
    times and separated by commas.
    """
    try:
        namespaces = _split(request, "namespace")
        families = _find_families(_split(request, "family", "name[]"), site)
    except _BadFilter as bad:
        return say(400, str(bad))
    form = negotiate(request.headers.get("accept", ""))
    page = site.exposition.scrape(
        form,
        namespaces=namespaces,
        families=families,
        tail=_own_metrics(site, form, namespaces, families),
    )
    return _send(page, form, packed=accepts_gzip(request.headers.get("accept-encoding", "")))


def _send(page: Page, form: Format, *, packed: bool) -> Response:
    headers = (
        ("Content-Type", content_type(form)),
        # A cache between us must not hand one client the format that another asked for.
        ("Vary", "Accept, Accept-Encoding"),
        *COMMON_HEADERS,
    )
    if packed:
        encoded = (*headers, ("Content-Encoding", "gzip"))
        return Response(200, encoded, page.compressed(), scrape=True)
    return Response(200, headers, page.pieces(), page.size, scrape=True)


def _own_metrics(
    site: Site,
    form: Format,
    namespaces: frozenset[str] | None,
    families: frozenset[str] | None,
) -> bytes:
    openmetrics = form is Format.OPENMETRICS_1_0_0
    if families is not None:
        own = families.intersection(site.own_families)
        return site.own_metrics(openmetrics, own) if own else b""
    # Several scrapes, each of some namespaces, must not bring the same own series several times.
    return site.own_metrics(openmetrics, None) if namespaces is None else b""


def _split(request: Request, *names: str) -> frozenset[str] | None:
    texts = request.values(*names)
    if not texts:
        return None
    parts = frozenset(part.strip() for text in texts for part in text.split(",")) - {""}
    if not parts:
        raise _BadFilter(f"{names[0]}: names nothing; leave it out for everything")
    return parts


def _find_families(names: frozenset[str] | None, site: Site) -> frozenset[str] | None:
    if names is None:
        return None
    exported = _with_short_names(family.name for family in site.exposition.families)
    known = exported | _with_short_names(site.own_families)
    catalogued = {family.name: family.group.value for family in FAMILIES}
    found = set()
    for name in sorted(names):
        if name in known:
            found.add(known[name])
        elif name in catalogued:
            raise _BadFilter(f"family {name} is not exported: group {catalogued[name]}")
        else:
            close = find_close(name, sorted(known))
            guess = f"; did you mean {close}?" if close else ""
            raise _BadFilter(f"no such family: {_show(name)}{guess}")
    return frozenset(found)


def _with_short_names(names: Iterable[str]) -> dict[str, str]:
    # A client that reads OpenMetrics knows counters by their name without _total.
    found: dict[str, str] = {}
    for name in names:
        found[name.removesuffix("_total")] = found[name] = name
    return found


def _show(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
