from __future__ import annotations

import gzip

import pytest

from exporter.catalogue import Group
from tests.unit.web.sites import body, get, report, site, text

SHOP = site([report("shop", "cart", ready=3), report("shop", "web"), report("bank", "api")])


def sample_names(page: str) -> set[str]:
    """The names of the families that have samples."""
    return {line.partition("{")[0] for line in page.splitlines() if not line.startswith("#")}


def test_page_has_domain_and_own_metrics() -> None:
    """Without filters everything is there: Services first, the exporter's own after them."""
    response = get("/metrics", SHOP)
    page = text(response)
    assert (response.status, response.scrape) == (200, True)
    assert (
        'k8s_service_endpoints_ready{namespace="shop",service="cart",address_type="IPv4"} 3' in page
    )
    assert page.endswith(
        "# endpoints_exporter_build_info text\n# endpoints_exporter_lists_total text\n"
    )


@pytest.mark.parametrize(
    "accept,content_type,end",
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", "lists_total text\n"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", "lists_total text\n"),
        (
            "text/plain;version=1.0.0",
            "text/plain; version=1.0.0; escaping=underscores; charset=utf-8",
            "lists_total text\n",
        ),
        (
            "text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.9",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "lists_total openmetrics\n# EOF\n",
        ),
    ],
)
def test_format_is_what_the_client_likes_best(accept: str, content_type: str, end: str) -> None:
    """The Accept header decides on the format of all metrics, own ones included."""
    response = get("/metrics", SHOP, accept=accept)
    assert dict(response.headers)["Content-Type"] == content_type
    assert text(response).endswith(end)


def test_gzip_for_those_who_take_it() -> None:
    """The same text, compressed, only for clients that say so; caches are told of it."""
    plain = get("/metrics", SHOP)
    packed = get("/metrics", SHOP, accept_encoding="gzip")
    refused = get("/metrics", SHOP, accept_encoding="gzip;q=0")
    assert gzip.decompress(body(packed)) == body(get("/metrics", SHOP))
    assert dict(packed.headers)["Content-Encoding"] == "gzip"
    assert packed.length is None
    for response in (plain, refused):
        assert "Content-Encoding" not in dict(response.headers)
        assert response.length == len(body(response))
    assert dict(plain.headers)["Vary"] == dict(packed.headers)["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    "query", ["namespace=shop", "namespace=shop,nowhere", "namespace=nowhere&namespace=shop"]
)
def test_namespace_filter(query: str) -> None:
    """Only what is about these namespaces is there; nothing about the exporter itself."""
    page = text(get(f"/metrics?{query}", SHOP))
    assert 'namespace="shop"' in page
    assert 'namespace="bank"' not in page
    assert "endpoints_exporter_" not in page


@pytest.mark.parametrize(
    "query",
    [
        "family=k8s_service_info,endpoints_exporter_lists_total",
        "family=k8s_service_info&family=endpoints_exporter_lists_total",
        "name[]=k8s_service_info&name[]=endpoints_exporter_lists_total",
        "name[]=k8s_service_info&family=endpoints_exporter_lists",
    ],
)
def test_family_filter(query: str) -> None:
    """Only these families are there, own ones too, by either name of a counter."""
    page = text(get(f"/metrics?{query}", SHOP))
    assert sample_names(page) == {"k8s_service_info"}
    assert page.endswith("\n# endpoints_exporter_lists_total text\n")


def test_filters_join() -> None:
    """Namespace and family together keep what both keep; a named own family stays."""
    page = text(
        get(
            "/metrics?namespace=bank&family=k8s_service_endpoints_ready,"
            "endpoints_exporter_build_info",
            SHOP,
        )
    )
    assert [line for line in page.splitlines() if not line.startswith("# HELP")] == [
        "# TYPE k8s_service_endpoints_ready gauge",
        'k8s_service_endpoints_ready{namespace="bank",service="api",address_type="IPv4"} 1',
        "# endpoints_exporter_build_info text",
    ]


def test_only_own_families() -> None:
    """A scrape of the exporter's health need not carry a line about Services."""
    assert text(get("/metrics?family=endpoints_exporter_build_info", SHOP)) == (
        "# endpoints_exporter_build_info text\n"
    )


def test_filter_that_matches_nothing_is_an_empty_page() -> None:
    """A namespace without Services is no error: it may have some at the next scrape."""
    response = get("/metrics?namespace=nowhere", SHOP)
    assert (response.status, body(response)) == (200, b"")
    openmetrics = get("/metrics?namespace=no", SHOP, accept="application/openmetrics-text")
    assert body(openmetrics) == b"# EOF\n"


@pytest.mark.parametrize(
    "query,line",
    [
        (
            "family=k8s_service_endpoint_ready",
            "no such family: k8s_service_endpoint_ready; did you mean k8s_service_endpoints_ready?",
        ),
        ("family=up,k8s_service_info", "no such family: up"),
        ("name[]=a\nb\x1b", "no such family: a�b�"),
        ("family=" + "x" * 200, "no such family: " + "x" * 79 + "…"),
        (
            "family=k8s_service_endpoints_slices",
            "family k8s_service_endpoints_slices is not exported: group slices",
        ),
        ("family=", "family: names nothing; leave it out for everything"),
        ("namespace=,", "namespace: names nothing; leave it out for everything"),
    ],
)
def test_bad_filter_is_one_line(query: str, line: str) -> None:
    """A filter that can't be meant is a 400 with one line of plain text, and no scrape."""
    response = get(f"/metrics?{query}", SHOP)
    assert (response.status, text(response), response.scrape) == (400, f"{line}\n", False)
    assert dict(response.headers)["Content-Type"] == "text/plain; charset=utf-8"


def test_unknown_parameters_are_left_alone() -> None:
    """Prometheus' own `params` and cache busters change nothing."""
    assert body(get("/metrics?format=prometheus&_=1", SHOP)) == body(get("/metrics", SHOP))


def test_counters_of_services_go_by_either_name() -> None:
    """OpenMetrics clients know a counter without its _total."""
    shown = site([report("a", "b")], groups=[Group.CORE, Group.CHANGES])
    for name in ("k8s_service_endpoints_changes", "k8s_service_endpoints_changes_total"):
        assert get(f"/metrics?family={name}", shown).status == 200
