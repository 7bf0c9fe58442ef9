"""Takes the pictures of the boards in docs/images: `make boards-shots`.

Not a test, and nothing that a test or a check needs: Grafana's published components are installed
from package.json, bundled, and fed with what a real Prometheus says of the demo's cluster. Kinds of
panels that Grafana publishes no component for are left out, and their place says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Route, sync_playwright

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.page.conftest import FLAGS
from tests.e2e.shots.answers import BOARDS, answer, watched

HERE = Path(__file__).parent
BUILT = REPOSITORY / ".tools" / "shots"
_ORIGIN = "http://boards.invalid/"
_PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="panels.css">'
    '<body><div id="board"></div><script src="panels.js"></script>'
)
_BUNDLE = (
    "--bundle",
    "--minify",
    "--jsx=automatic",
    "--define:process.env.NODE_ENV='production'",
    "--loader:.woff=dataurl",
    "--loader:.woff2=dataurl",
    "--loader:.ttf=empty",
    "--log-level=error",
)
_WIDTH = 1280
#: How long the demo runs before it is looked at; alerts that wait for five minutes fire by then.
_SECONDS = 420
#: Fonts are there and charts are drawn.
_SETTLED = 2500


def main() -> int:
    """Write a picture of each board and name it."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / "docs" / "images")
    _build()
    with tempfile.TemporaryDirectory() as work, watched(Path(work), _SECONDS) as prometheus:
        boards = [json.loads(path.read_text(encoding="utf-8")) for path in BOARDS]
        drawn = {board["uid"]: _join(board, prometheus) for board in boards}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        for uid, given in drawn.items():
            name = folder / f"board-{uid.removeprefix('kube-endpoints-')}.png"
            _take(browser, given, name)
            print(name)
        browser.close()
    return 0


def _join(board: dict[str, Any], prometheus: Any) -> dict[str, Any]:
    return {"board": board, **answer(prometheus, board, _SECONDS)}


def _build() -> None:
    """Install what package.json names, where it is not there yet, and bundle panels.jsx."""
    BUILT.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    mark = BUILT / "package.json"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != wanted:
        with tempfile.TemporaryDirectory() as fresh:
            shutil.copy(HERE / "package.json", fresh)
            quiet = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")
            _run(["npm", "install", *quiet], Path(fresh))
            shutil.rmtree(BUILT / "node_modules", ignore_errors=True)
            shutil.move(Path(fresh) / "node_modules", BUILT / "node_modules")
        mark.write_text(wanted, encoding="utf-8")
    shutil.copy(HERE / "panels.jsx", BUILT / "panels.jsx")
    _run(["node_modules/.bin/esbuild", "panels.jsx", "--outfile=out/panels.js", *_BUNDLE], BUILT)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)


def _take(browser: Browser, given: Mapping[str, Any], path: Path) -> None:
    page = browser.new_page(viewport={"width": _WIDTH, "height": 4000}, color_scheme="dark")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.route("**/*", _serve)
    page.goto(_ORIGIN)
    page.evaluate("([given, width]) => draw(given, width)", [dict(given), _WIDTH])
    page.wait_for_timeout(_SETTLED)
    assert faults == [], faults
    page.locator("#board").screenshot(path=path)
    page.close()


def _serve(route: Route) -> None:
    """The page, the bundle, and the icons that come with the components; no network."""
    name = route.request.url.removeprefix(_ORIGIN).partition("?")[0]
    if not name:
        route.fulfill(body=_PAGE, content_type="text/html")
        return
    path = BUILT / "out" / name
    if name.startswith("public/"):
        path = BUILT / "node_modules/@grafana/ui/dist" / name.replace("public/build/", "public/")
    if path.is_file():
        route.fulfill(path=path)
    else:
        route.fulfill(status=404)


if __name__ == "__main__":
    raise SystemExit(main())
