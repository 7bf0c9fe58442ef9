"""A real Chromium and a simulated cluster. A browser that is missing is a failure, never a skip."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.harness.exporter import Exporter
from tests.e2e.page.simulated import Simulated, followed, simulated

SCENARIOS = (
    "web-shop",
    "reason-crash-loop",
    "reason-image-pull",
    "scale-to-zero",
    "zone-lost",
    "half-unready",
)
#: It looks for nothing on the network, and runs where a container gives it no sandbox of its own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}
DEADLINE = 20_000.0


@pytest.fixture(scope="session", autouse=True)
def prometheus() -> None:
    """No test here needs a control plane: the one of the folder above stays away."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def cluster() -> Iterator[Simulated]:
    """A simulated cluster in which some things are broken."""
    with simulated(SCENARIOS) as running:
        yield running


@pytest.fixture
def exporter(cluster: Simulated, tmp_path: Path) -> Iterator[Exporter]:
    """The exporter that follows the cluster."""
    with followed(cluster, tmp_path) as running:
        yield running


class Window:
    """A page in a context of its own; it keeps what went wrong and what was asked of whom."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(DEADLINE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", self._refuse)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # That something is not there, or not any more, the browser tells as an error too.
        expected = ("net::ERR", "status of 404", "status of 400")
        if message.type == "error" and not any(word in message.text for word in expected):
            self.faults.append(message.text)

    def _refuse(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, url: str) -> Page:
        """Go there, and wait until the list or the Service is there."""
        self.page.goto(url)
        return self.page

    def open_list(self, url: str) -> Page:
        """Go to a list and wait until the script has taken it over."""
        self.page.goto(url)
        self.page.wait_for_selector("body[data-loaded]")
        return self.page


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Window]:
    """A window; whatever went wrong in it fails the test."""
    context = browser.new_context(**{"viewport": WIDE, **options})
    window = Window(context.new_page())
    try:
        yield window
    finally:
        context.close()
    assert window.faults == []


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """A wide window."""
    with opened(browser) as one:
        yield one
