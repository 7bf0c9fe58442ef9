"""Takes the pictures in docs/images: `python -m tests.e2e.page.pictures [FOLDER]`.

Not a test: it shows what the demo's scenarios look like after something has broken and healed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from exporter.sim.simulation import DEMO
from tests.e2e.page.conftest import FLAGS, PHONE, WIDE
from tests.e2e.page.simulated import Simulated, followed, simulated

_BROKEN = "shop/storefront"


def main() -> int:
    """Write the pictures and name them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as work,
        simulated(DEMO) as cluster,
        followed(cluster, Path(work), "--groups=topology,changes") as exporter,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        _break_and_heal(browser, cluster, exporter.url)
        own = f"{exporter.url}/services/{_BROKEN}"
        for name, url, options in (
            ("page-list", exporter.url, {}),
            ("page-dark", exporter.url, {"color_scheme": "dark"}),
            ("page-phone", exporter.url, {"viewport": PHONE, "device_scale_factor": 2}),
            ("page-service", own, {}),
            ("page-service-phone", own, {"viewport": PHONE, "device_scale_factor": 2}),
        ):
            path = folder / f"{name}.png"
            _take(browser, url, path, **options)
            print(path)
        browser.close()
    return 0


def _break_and_heal(browser: Browser, cluster: Simulated, url: str) -> None:
    """Leave a Service with something to tell of its last minutes."""
    page = browser.new_page()
    page.goto(f"{url}/services/{_BROKEN}")
    for ready in (False, True, False):
        cluster.set_ready(*_BROKEN.split("/"), ready=ready)
        word = "ready" if ready else "down"
        page.wait_for_selector(f"#verdict .big .state.{word}")
        page.wait_for_timeout(4000)  # so that the bar shows more than hairlines
    page.close()


def _take(browser: Browser, url: str, path: Path, **options: Any) -> None:
    context = browser.new_context(**{"viewport": WIDE, **options})
    page: Page = context.new_page()
    page.goto(url)
    page.get_by_text("Live", exact=True).wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=path, full_page="service" in path.name)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
