from __future__ import annotations

import pytest

from exporter.catalogue import FAMILIES, Family
from exporter.exposition import Format, accepts_gzip, content_type, negotiate
from exporter.exposition.formats import escape_value, family_head, parse_qualities

TEXT, TEXT_1, OPEN = Format.TEXT_0_0_4, Format.TEXT_1_0_0, Format.OPENMETRICS_1_0_0

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "q=0.7,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,"
    "text/plain;version=1.0.0;escaping=underscores;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_TEXT_ONLY = (
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept,form",
    [
        (PROMETHEUS_2, OPEN),
        (PROMETHEUS_3, OPEN),
        (PROMETHEUS_3_PROTOBUF_FIRST, OPEN),
        (PROMETHEUS_3_TEXT_ONLY, TEXT_1),
        (BROWSER, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/plain; version=1.0.0", TEXT_1),
        ("TEXT/PLAIN; Version=1.0.0", TEXT_1),
        ('text/plain; version="1.0.0"', TEXT_1),
        ("text/plain;version=2.0.0", TEXT),
        ("text/plain;version=2.0.0,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text", OPEN),
        ("application/openmetrics-text; version=0.0.1", OPEN),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPEN),
        ("application/openmetrics-text; version=2.0.0", TEXT),
        ("application/json", TEXT),
        # the quality decides, not the place
        ("text/plain;version=0.0.4;q=0.3,application/openmetrics-text;q=0.5", OPEN),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.9", TEXT),
        # of equal quality the first
        ("application/openmetrics-text,text/plain;version=1.0.0", OPEN),
        ("text/plain;version=1.0.0,application/openmetrics-text", TEXT_1),
        # refused and broken qualities
        ("application/openmetrics-text;q=0,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=high,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text;q=2,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text;q=-1,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text;q=nan,text/plain;version=1.0.0;q=0.1", TEXT_1),
        ("application/openmetrics-text;Q=0,text/plain;version=1.0.0", TEXT_1),
        # nonsense
        (",;,q=1;;", TEXT),
        (";version=1.0.0", TEXT),
        ("\x00", TEXT),
        ("text/plain;version=1.0.0;q", TEXT),
    ],
)
def test_negotiation(accept: str, form: Format) -> None:
    """The client's best by quality, then by place; text 0.0.4 when it names nothing we have."""
    assert negotiate(accept) is form


@pytest.mark.parametrize(
    "form,expected",
    [
        (TEXT, "text/plain; version=0.0.4; charset=utf-8"),
        (TEXT_1, "text/plain; version=1.0.0; escaping=underscores; charset=utf-8"),
        (OPEN, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
)
def test_content_types(form: Format, expected: str) -> None:
    """What Prometheus 3 refuses to scrape without."""
    assert content_type(form) == expected
    assert negotiate(content_type(form)) is form


@pytest.mark.parametrize(
    "accept,expected",
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("gzip;q=0, *", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=oops", False),
    ],
)
def test_compression(accept: str, expected: bool) -> None:
    """Named with a quality above 0, or meant by a star and not refused."""
    assert accepts_gzip(accept) is expected


def test_entries_of_a_header() -> None:
    """Values and names in lower case, parameters without quotes, qualities apart."""
    assert parse_qualities('Text/Plain; Version="0.0.4" ;q=0.5, , */*') == [
        ("text/plain", {"version": "0.0.4"}, 0.5),
        ("*/*", {}, 1.0),
    ]


@pytest.mark.parametrize(
    "value,expected",
    [
        ("plain", "plain"),
        ("", ""),
        ("a\\b", "a\\\\b"),
        ('a"b', 'a\\"b'),
        ("a\nb", "a\\nb"),
        ("\\n", "\\\\n"),
        ('\\"\n', '\\\\\\"\\n'),
        ("tab\tand\rreturn", "tab\tand\rreturn"),
        ("grüße \u2028 \U0001f600", "grüße \u2028 \U0001f600"),
        ("{}=,#", "{}=,#"),
    ],
)
def test_label_values_are_escaped(value: str, expected: str) -> None:
    """Backslash, quote and line feed, and nothing else."""
    assert escape_value(value) == expected


def head(name: str, form: Format) -> str:
    """What stands above the samples of a family."""
    [family] = [family for family in FAMILIES if family.name == name]
    return family_head(family, form).decode()


@pytest.mark.parametrize("form", [TEXT, TEXT_1])
def test_heads_in_text(form: Format) -> None:
    """Text knows no info type; a counter is called by its full name."""
    assert head("k8s_service_info", form) == (
        "# HELP k8s_service_info What kind of Service it is; 1 for every Service.\n"
        "# TYPE k8s_service_info gauge\n"
    )
    assert head("k8s_service_endpoints_changes_total", form).endswith(
        "\n# TYPE k8s_service_endpoints_changes_total counter\n"
    )


def test_heads_in_openmetrics() -> None:
    """The suffixes of counters and infos belong to the samples, not to the family."""
    assert head("k8s_service_info", OPEN).startswith("# HELP k8s_service What kind")
    assert head("k8s_service_info", OPEN).endswith("\n# TYPE k8s_service info\n")
    assert head("k8s_service_endpoints_changes_total", OPEN).endswith(
        "\n# TYPE k8s_service_endpoints_changes counter\n"
    )
    assert head("k8s_service_endpoints_ready", OPEN).endswith(
        "\n# TYPE k8s_service_endpoints_ready gauge\n"
    )


def test_help_is_escaped() -> None:
    """Quotes need it in OpenMetrics alone."""
    [known] = [family for family in FAMILIES if family.name == "k8s_service_endpoints_ready"]
    odd = Family(known.name, known.kind, known.group, 'a "b" \\ c\nd', known.samples)
    assert family_head(odd, TEXT).splitlines()[0] == (
        b'# HELP k8s_service_endpoints_ready a "b" \\\\ c\\nd'
    )
    assert family_head(odd, OPEN).splitlines()[0] == (
        b'# HELP k8s_service_endpoints_ready a \\"b\\" \\\\ c\\nd'
    )
