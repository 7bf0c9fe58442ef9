"""The page in Chromium, over a simulated cluster that breaks and heals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.harness.exporter import Exporter
from tests.e2e.page.conftest import PHONE, Window, opened
from tests.e2e.page.simulated import Simulated, followed, simulated

RULES = (Path(__file__).parent / "rules.js").read_text(encoding="utf-8")


def names(page: Page) -> list[str]:
    """The Services that the table shows, as far as they are in the document."""
    return page.locator("#services tbody tr:not(.pad) td:first-child").all_inner_texts()


def row(page: Page, name: str) -> str:
    """A selector of the row of a Service."""
    return f'#services tbody tr:has(a[href$="services/{name}"])'


def test_worst_services_come_first(window: Window, exporter: Exporter) -> None:
    """The list begins with what is down; each state has its word and its number."""
    page = window.open_list(exporter.url)
    states = page.locator("#services tbody tr:not(.pad) td:nth-child(2)").all_inner_texts()
    order = ["down", "degraded", "unknown", "new", "ready", "intended"]
    assert states == sorted(states, key=order.index)
    assert states[0] == "down"
    for state in order:
        shown = page.locator(f'a.count[data-standing="{state}"] b').inner_text()
        assert shown == str(states.count(state))
    expect(page.locator("#count")).to_have_text(f"{len(states)} Services")


def test_search_as_one_types(window: Window, exporter: Exporter) -> None:
    """Each key narrows the list; the address remembers it; nothing found is said."""
    page = window.open_list(exporter.url)
    page.keyboard.press("/")
    page.keyboard.type("catalog")
    expect(page.locator("#count")).to_have_text(re.compile(r"^1 of \d+ Services$"))
    assert names(page) == ["shop/catalog"]
    page.wait_for_url("**/?q=catalog")
    page.keyboard.type("-nothing")
    expect(page.locator("#count")).to_have_text(re.compile(r"^0 of "))
    assert names(page) == []
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("#count")).to_have_text(re.compile(r"^\d+ Services$"))


def test_filters_are_in_the_address(window: Window, exporter: Exporter) -> None:
    """A link with filters shows what it says, in the fields too; a state can be chosen on top."""
    page = window.open_list(f"{exporter.url}/?namespace=shop&sort=name")
    assert names(page) == ["shop/cart-db", "shop/catalog", "shop/storefront"]
    expect(page.locator("select[name=namespace]")).to_have_value("shop")
    expect(page.locator("select[name=sort]")).to_have_value("name")
    page.locator("select[name=type]").select_option("LoadBalancer")
    assert names(page) == ["shop/storefront"]
    page.wait_for_url("**/?namespace=shop&sort=name&type=LoadBalancer")
    page.reload()
    expect(page.locator("#count")).to_have_text(re.compile(r"^1 of "))
    page.locator('a.count[data-standing="down"]').click()
    expect(page.locator("#count")).to_have_text(re.compile(r"^0 of "))
    page.wait_for_url("**standing=down")


def test_a_label_is_a_filter(window: Window, exporter: Exporter) -> None:
    """By value, by what it is not, and by being there."""
    page = window.open_list(f"{exporter.url}/?label=app%3Dcatalog")
    found = names(page)
    page.locator("input[name=label]").fill("app!=catalog")
    expect(page.locator("#count")).not_to_have_text(re.compile(rf"^{len(found)} of "))
    assert "shop/catalog" not in names(page)


def test_list_follows_the_cluster(window: Window, exporter: Exporter, cluster: Simulated) -> None:
    """What breaks, heals, comes and goes is shown without a reload."""
    page = window.open_list(exporter.url)
    shown = page.locator(row(page, "shop/catalog"))
    expect(shown).to_contain_text("ready")
    cluster.set_ready("shop", "catalog", ready=False)
    expect(shown.locator(".state")).to_have_text("down")
    expect(shown).to_contain_text("0/2")
    cluster.set_ready("shop", "catalog", ready=True)
    expect(shown.locator(".state")).to_have_text("ready")
    cluster.delete("Service", "shop", "catalog")
    expect(shown).to_have_count(0)
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": "shop", "name": "fresh"},
            "spec": {"type": "ClusterIP", "selector": {"app": "fresh"}, "ports": [{"port": 80}]},
        }
    )
    expect(page.locator(row(page, "shop/fresh"))).to_have_count(1)


def test_own_page_tells_all(window: Window, exporter: Exporter) -> None:
    """Verdict, evidence, commands that can be copied, ports by zone, addresses, what it is."""
    page = window.open_list(f"{exporter.url}/?standing=down&reason=CrashLoopBackOff")
    page.locator("#services tbody a").first.click()
    page.wait_for_url("**/services/**")
    expect(page.locator("#verdict")).to_contain_text("down CrashLoopBackOff")
    expect(page.locator("#evidence li").first).to_contain_text("addresses: 0 ready")
    command = page.locator("#todo li.command").first
    expect(command).to_contain_text("kubectl logs")
    expect(page.locator("#ports")).to_contain_text("http 80/TCP")
    expect(page.locator("#addresses")).to_contain_text("not ready")
    expect(page.locator("#about")).to_contain_text("app=")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    command.get_by_role("button").click()
    expect(command.get_by_role("button")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == command.locator("code").inner_text()


def test_findings_stand_beside_the_service(window: Window, exporter: Exporter) -> None:
    """A Service that works with a fault is found by it, and told with what shows it."""
    page = window.open_list(f"{exporter.url}/?finding=HalfUnready&standing=degraded")
    assert names(page) == ["studio/encode"]
    expect(page.locator("#services tbody")).to_contain_text("2 of 3 Pods not ready")
    page.locator("#services tbody a").first.click()
    expect(page.locator("#verdict")).to_contain_text("degraded HalfUnready")
    finding = page.locator("#findings article").first
    expect(finding).to_contain_text("HalfUnready warning")
    expect(finding.locator("li").first).to_contain_text("CrashLoopBackOff")
    expect(page.locator("#todo li.command").first).to_contain_text("kubectl logs")
    expect(page.locator("#about")).to_contain_text("Deployment encode (wants 3)")


def test_own_page_follows_the_cluster(
    window: Window, exporter: Exporter, cluster: Simulated
) -> None:
    """The verdict changes by itself, and what became of the Service is kept."""
    page = window.open(f"{exporter.url}/services/shop/catalog")
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("#verdict .big")).to_contain_text("ready")
    cluster.set_ready("shop", "catalog", ready=False)
    expect(page.locator("#verdict .big")).to_contain_text("down")
    cluster.set_ready("shop", "catalog", ready=True)
    expect(page.locator("#verdict .big")).to_contain_text("ready")
    changes = page.locator("#timeline ol li")
    expect(changes).to_have_count(3)
    expect(changes.nth(0)).to_contain_text("2 ready, 0 not ready")
    expect(changes.nth(1)).to_contain_text("0 ready, 2 not ready")
    expect(changes.nth(2)).to_contain_text("at first: ready: 2 ready")
    assert page.locator("#timeline rect").count() >= 2
    cluster.delete("Service", "shop", "catalog")
    expect(page.locator("#verdict")).to_contain_text("There is no such Service")


def test_keyboard_is_enough(window: Window, exporter: Exporter) -> None:
    """From the search to a Service and back without a mouse; the focus is always somewhere."""
    page = window.open_list(exporter.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    links = page.locator("#services tbody a")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("End")
    expect(links.last).to_be_focused()
    page.keyboard.press("Home")
    expect(links.nth(0)).to_be_focused()
    target = links.nth(0).get_attribute("href") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{target.removeprefix('./')}")
    page.go_back()
    page.wait_for_selector("body[data-loaded]")
    assert page.locator("#services tbody a").count() > 1


def test_focus_stays_through_live_updates(
    window: Window, exporter: Exporter, cluster: Simulated
) -> None:
    """Whoever stands on a row keeps it while others change places around it."""
    page = window.open_list(exporter.url)
    link = page.locator(f"{row(page, 'shop/storefront')} a")
    link.focus()
    cluster.set_ready("shop", "catalog", ready=False)
    expect(page.locator(row(page, "shop/catalog")).locator(".state")).to_have_text("down")
    expect(link).to_be_focused()


def test_basic_list_works_without_scripts(browser: Browser, exporter: Exporter) -> None:
    """Rows, filters by form and the own page are there with scripts blocked."""
    with opened(browser, java_script_enabled=False) as window:
        page = window.open(exporter.url)
        assert "shop/catalog" in names(page)
        page.get_by_label("Search").fill("catalog")
        page.get_by_role("button", name="Show").click()
        assert names(page) == ["shop/catalog"]
        page.get_by_role("link", name="shop/catalog").click()
        expect(page.locator("#verdict")).to_contain_text("ready")
        expect(page.locator("#addresses")).to_contain_text("catalog-")


def test_only_the_exporter_is_asked(window: Window, exporter: Exporter) -> None:
    """No request goes anywhere else, and the policy would let none."""
    page = window.open_list(exporter.url)
    page.locator("#services tbody a").first.click()
    page.wait_for_url("**/services/**")
    assert window.asked
    assert all(url.startswith((exporter.url, "data:")) for url in window.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 860}, PHONE])
@pytest.mark.parametrize("path", ["/", "/services/shop/catalog", "/services/no/such"])
def test_rules_of_accessibility(
    browser: Browser, exporter: Exporter, scheme: str, viewport: dict[str, int], path: str
) -> None:
    """Names, headings, tables, contrast and sizes, in both schemes, wide and narrow."""
    with opened(browser, color_scheme=scheme, viewport=viewport) as window:
        page = window.page
        page.goto(exporter.url + path)
        if path != "/services/no/such":
            expect(page.locator("#live")).to_have_text("Live")
        assert page.evaluate(f"({RULES})()") == []


def test_dark_is_dark(browser: Browser, exporter: Exporter) -> None:
    """The page follows what the system prefers."""
    seen = {}
    for scheme in ("light", "dark"):
        with opened(browser, color_scheme=scheme) as window:
            page = window.open_list(exporter.url)
            seen[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}


@pytest.mark.parametrize("path", ["/", "/services/shop/storefront"])
def test_phones_need_not_scroll_sideways(browser: Browser, exporter: Exporter, path: str) -> None:
    """At 360 pixels nothing is wider than the screen."""
    with opened(browser, viewport=PHONE) as window:
        page = window.open(exporter.url + path)
        expect(page.locator("#live")).to_have_text("Live")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_behind_a_prefix(browser: Browser, tmp_path: Path) -> None:
    """With an external URL everything works under its path, own pages and live updates too."""
    flag = "--web.external-url=https://example.com/a/b/"
    with (
        simulated(("web-shop",)) as cluster,
        followed(cluster, tmp_path, flag, prefix="/a/b") as exporter,
        opened(browser) as window,
    ):
        page = window.open_list(f"{exporter.url}/a/b/")
        page.get_by_role("link", name="shop/catalog").click()
        expect(page.locator("#live")).to_have_text("Live")
        cluster.set_ready("shop", "catalog", ready=False)
        expect(page.locator("#verdict .big")).to_contain_text("down")
        page.get_by_role("link", name="Kubernetes endpoints").click()
        page.wait_for_url(f"{exporter.url}/a/b/")
