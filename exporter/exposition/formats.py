"""Exposition formats: which one a client wants, and how each writes what stands above samples.

Sample lines are the same in all of them, for our names are legal in all; so they are kept once.
"""

from __future__ import annotations

from enum import StrEnum

from exporter.catalogue import Family, Kind


class Format(StrEnum):
    """What a scrape can be answered in."""

    TEXT_0_0_4 = "0.0.4"
    TEXT_1_0_0 = "1.0.0"
    OPENMETRICS_1_0_0 = "openmetrics-1.0.0"


_CONTENT_TYPES = {
    Format.TEXT_0_0_4: "text/plain; version=0.0.4; charset=utf-8",
    Format.TEXT_1_0_0: "text/plain; version=1.0.0; escaping=underscores; charset=utf-8",
    Format.OPENMETRICS_1_0_0: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


def content_type(form: Format) -> str:
    """The Content-Type header of a format."""
    return _CONTENT_TYPES[form]


def parse_qualities(header: str) -> list[tuple[str, dict[str, str], float]]:
    """The entries of an Accept or Accept-Encoding header: value, parameters, quality 0 to 1.

    Values and parameter names are lower case; a broken quality counts as 0 (RFC 9110 §12.4.2).
    """
    entries = []
    for part in header.split(","):
        value, *fields = (field.strip() for field in part.split(";"))
        if not value:
            continue
        parameters = {}
        for field in fields:
            key, _, content = field.partition("=")
            parameters[key.strip().lower()] = content.strip().strip('"').lower()
        quality = _quality(parameters.pop("q", "1"))
        entries.append((value.lower(), parameters, quality))
    return entries


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def negotiate(accept: str) -> Format:
    """The format that a client with this Accept header likes best; text 0.0.4 if it names none.

    Of equal quality the first named wins, as Prometheus lists them in its order of preference.
    """
    best, best_quality = Format.TEXT_0_0_4, 0.0
    for value, parameters, quality in parse_qualities(accept):
        form = _form_of(value, parameters)
        if form is not None and quality > best_quality:
            best, best_quality = form, quality
    return best


def _form_of(value: str, parameters: dict[str, str]) -> Format | None:
    version = parameters.get("version")
    match value:
        case "application/openmetrics-text":
            return Format.OPENMETRICS_1_0_0 if version in (None, "1.0.0", "0.0.1") else None
        case "text/plain":
            if version == "1.0.0":
                return Format.TEXT_1_0_0
            return Format.TEXT_0_0_4 if version in (None, "0.0.4") else None
        case "*/*" | "text/*":
            return Format.TEXT_0_0_4
        case _:
            return None


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client with this Accept-Encoding header takes gzip; a quality of 0 is a no."""
    star = False
    for value, _, quality in parse_qualities(accept_encoding):
        if value in ("gzip", "x-gzip"):
            return quality > 0
        star = star or (value == "*" and quality > 0)
    return star


def escape_value(value: str) -> str:
    """A label value as it stands between its quotes."""
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    if "\n" in value:
        value = value.replace("\n", "\\n")
    return value


def family_head(family: Family, form: Format) -> bytes:
    """The HELP and TYPE lines of a family."""
    name, kind = family.name, family.kind
    text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    if form is Format.OPENMETRICS_1_0_0:
        text = text.replace('"', '\\"')
        if kind is Kind.COUNTER:
            name = name.removesuffix("_total")
        elif kind is Kind.INFO:
            name = name.removesuffix("_info")
    elif kind is Kind.INFO:
        kind = Kind.GAUGE
    return f"# HELP {name} {text}\n# TYPE {name} {kind.value}\n".encode()
