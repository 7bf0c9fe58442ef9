"""What is hard for a page: ten thousand Services, hostile values, an API server that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.waiting import wait_until
from tests.e2e.page.conftest import PHONE, Window, opened
from tests.e2e.page.simulated import Simulated, followed, simulated

MANY = 10_000
#: What a value may try: to be markup, an attribute, a script, a link, or the end of any of them.
HOSTILE = (
    "<script>window.owned = 1</script>",
    "\"><img src=x onerror='window.owned=1'>",
    "'-window.owned=1-'",
    "javascript:window.owned=1",
    "</title></style></table><svg onload=window.owned=1>",
    "${window.owned=1}{{window.owned=1}}",
    "\u202egnp.exe\u0000\u001b[31m",
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """An exporter that follows ten thousand Services."""
    folder = tmp_path_factory.mktemp("large")
    with (
        simulated(("ten-thousand",)) as cluster,
        followed(cluster, folder, "--log.level=warning", deadline=180) as exporter,
    ):
        yield exporter


def reaches(rows: Locator, wanted: int) -> bool:
    """Whether the last row in the document is this one or a later one."""
    return int(rows.last.get_attribute("aria-rowindex") or 0) >= wanted


def test_only_what_can_be_seen_is_in_the_document(window: Window, large: Exporter) -> None:
    """Ten thousand rows can be scrolled through; some dozens are there at any time."""
    page = window.page
    page.set_default_timeout(60_000)
    page.goto(large.url)
    page.wait_for_selector(f'body[data-loaded="{MANY}"]')
    expect(page.locator("#count")).to_have_text("10,000 Services")
    rows = page.locator("#services tbody tr:not(.pad)")
    assert page.locator("#services").get_attribute("aria-rowcount") == str(MANY + 1)
    for place in (0.5, 1.0, 0.25, 0.0):
        page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {place})")
        wanted = max(1, int(MANY * place * 0.9)) if place < 1 else MANY - 40
        wait_until(f"row {wanted} can be seen", partial(reaches, rows, wanted))
        assert rows.count() < 120
    page.locator("#services tbody a").first.focus()
    page.keyboard.press("End")
    expect(rows.last).to_have_attribute("aria-rowindex", str(MANY + 1))
    expect(rows.last.locator("a")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("service-9999")
    expect(page.locator("#count")).to_have_text("1 of 10,000 Services")
    expect(rows.first).to_contain_text("team-49/service-9999")  # the count is written before


def test_ten_thousand_fit_a_phone(browser: Browser, large: Exporter) -> None:
    """The same on a narrow screen, where a row is a card of another height."""
    with opened(browser, viewport=PHONE) as window:
        page = window.page
        page.set_default_timeout(60_000)
        page.goto(large.url)
        page.wait_for_selector(f'body[data-loaded="{MANY}"]')
        page.locator("#services tbody a").first.focus()
        page.keyboard.press("End")
        rows = page.locator("#services tbody tr:not(.pad)")
        expect(rows.last).to_have_attribute("aria-rowindex", str(MANY + 1))
        assert rows.count() < 120
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def hostile_service(number: int, text: str) -> dict[str, Any]:
    """A Service that holds a hostile text wherever text can stand."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "namespace": "evil",
            "name": f"evil-{number}",
            "labels": {"app": text, text: "value"},
            "annotations": {
                "endpoints-exporter.io/owner": text,
                "endpoints-exporter.io/severity": text,
                "endpoints-exporter.io/min-ready": text,
                f"endpoints-exporter.io/{text}": text,
            },
        },
        "spec": {
            "type": "ClusterIP",
            "selector": {"app": text},
            "ports": [{"name": text, "port": 80, "targetPort": text}],
        },
    }


def hostile_slice(number: int, text: str) -> dict[str, Any]:
    """A slice of that Service, hostile too."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "evil",
            "name": f"evil-{number}",
            "labels": {"kubernetes.io/service-name": f"evil-{number}"},
        },
        "addressType": "IPv4",
        "ports": [{"name": text, "port": 80, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [f"10.9.9.{number + 1}"],
                "conditions": {"ready": False},
                "zone": text,
                "nodeName": text,
                "targetRef": {"kind": "Pod", "namespace": "evil", "name": text},
            }
        ],
    }


def test_hostile_values_stay_text(window: Window, exporter: Exporter, cluster: Simulated) -> None:
    """Nothing runs, nothing is loaded, nothing breaks out; what is there is shown as it is."""
    page = window.open_list(exporter.url)
    for number, text in enumerate(HOSTILE):
        cluster.apply(hostile_service(number, text))
        cluster.apply(hostile_slice(number, text))
    page.locator("input[name=q]").fill("evil/")
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{len(HOSTILE)} of "))
    page.reload()
    page.wait_for_selector("body[data-loaded]")
    for number, text in enumerate(HOSTILE):
        page.goto(f"{exporter.url}/services/evil/evil-{number}")
        expect(page.locator("#live")).to_have_text("Live")
        expect(page.locator("h1")).to_have_text(f"evil/evil-{number}")
        if "\x00" not in text:
            assert text in (page.locator("#about").text_content() or "")
        assert page.locator("main script, main img, main style, main svg:not(.bar)").count() == 0
        assert page.locator("[onerror], [onload]").count() == 0
    assert page.evaluate("window.owned") is None
    assert all(url.startswith((exporter.url, "data:")) for url in window.asked)


@pytest.mark.parametrize("text", HOSTILE[:5])
def test_hostile_addresses_stay_text(window: Window, exporter: Exporter, text: str) -> None:
    """Whatever a link brings along in its query is text in the fields."""
    page = window.page
    page.goto(exporter.url)
    page.evaluate("query => location.assign('?' + new URLSearchParams({q: query}))", text)
    page.wait_for_url("**q=**")
    page.wait_for_selector("body[data-loaded]")
    expect(page.locator("input[name=q]")).to_have_value(text)
    assert page.evaluate("window.owned") is None


def test_a_lost_api_server_is_told(window: Window, exporter: Exporter, cluster: Simulated) -> None:
    """The page says that what it shows may be out of date, and how old it is; it stays usable."""
    page = window.open_list(exporter.url)
    expect(page.locator("#stale")).to_be_hidden()
    cluster.stop_serving()
    banner = page.locator("#stale")
    expect(banner).to_be_visible(timeout=40_000)
    expect(banner).to_contain_text("The API server can’t be read.")
    expect(banner).to_contain_text(re.compile(r"it is \d+m?s? ?.* old"))
    assert page.locator("#services tbody tr:not(.pad)").count() > 5
    page.goto(f"{exporter.url}/services/shop/catalog")
    expect(page.locator("#stale")).to_be_visible()


def test_a_lost_exporter_is_told(window: Window, cluster: Simulated, tmp_path: Path) -> None:
    """While the exporter is gone the page says so; when it is back it goes on by itself."""
    with followed(cluster, tmp_path) as exporter:
        page = window.open_list(exporter.url)
        expect(page.locator("#live")).to_have_text("Live")
        exporter.process.kill()
        expect(page.locator("#live")).to_contain_text("Not live")
        cluster.delete("Service", "shop", "catalog")
        exporter.process.start()
        exporter.wait_until_ready(60)
        expect(page.locator("#live")).to_have_text("Live", timeout=30_000)
        expect(page.locator('a[href$="services/shop/catalog"]')).to_have_count(0)
