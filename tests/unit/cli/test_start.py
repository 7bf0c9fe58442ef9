"""What is not imported: that is what a start takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

#: None of them is of use without a network, and each costs a tenth of the time or more.
HEAVY = (
    "aiohttp",
    "asyncio",
    "difflib",
    "jinja2",
    "kubernetes",
    "prometheus_client",
    "ssl",
    "structlog",
    "yaml",
    "exporter.api",
    "exporter.explaining.explain",
    "exporter.server",
    "exporter.sim",
    "exporter.web",
    "tarfile",
)

#: What a Pod needs for no scrape and no probe.
NOT_FOR_A_SCRAPE = (
    "aiohttp.web_app",
    "aiohttp.web_fileresponse",
    "aiohttp_socks",
    "difflib",
    "importlib.resources",
    "jinja2",
    "kubernetes",
    "yaml",
    "exporter.api.kubeconfig",
    "exporter.api.oidc",
    "exporter.api.plugins",
    "exporter.dump",
    "exporter.explaining.explain",
    "exporter.foresight",
    "exporter.manifests",
    "exporter.notify",
    "exporter.sim",
    "exporter.web.api.documents",
    "exporter.web.api.openapi",
    "exporter.web.discovery",
    "exporter.web.page.parts",
    "exporter.web.query",
    "exporter.web.routing",
)

_RUN = """
import sys
from exporter.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("\\n" + " ".join(sys.modules))
"""

# The first list that is asked for tells what there is by then, and ends it.
_RUN_IN_A_POD = """
import os, pathlib, sys
from exporter.cli import main
from exporter.api import credentials
from exporter.api.client import Client
credentials.load_credentials.__kwdefaults__ = {
    "environ": None, "account": pathlib.Path(sys.argv.pop(1))
}
def tell(*_given):
    print(" ".join(sys.modules), flush=True)
    os._exit(0)
Client.list_page = tell
main(sys.argv[1:])
"""


@pytest.mark.parametrize("words", [("get", "-A"), ("get", "-A", "-o", "json"), ("check",)])
def test_a_dump_is_answered_without_what_only_a_network_needs(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing heavy is loaded, in a process of its own."""
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": []}))
    loaded = _run(_RUN, *words, "--from-file", str(dump))
    assert "exporter.judging" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_a_pod_asks_for_its_first_list_without_pages_and_tellers(tmp_path: Path) -> None:
    """What follows the API server and answers scrapes is loaded, and no more."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "token").write_text("secret")
    where = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
    words = ("run", "--web.listen-address", "127.0.0.1:0")
    loaded = _run(_RUN_IN_A_POD, str(tmp_path), *words, **where)
    assert "exporter.web.metrics" in loaded
    assert [name for name in NOT_FOR_A_SCRAPE if name in loaded] == []


def test_the_program_leaves_what_it_imports_uncollected() -> None:
    """Imports make 40,000 objects that stay: no collection walks them before the command runs."""
    code = (
        "import gc, exporter.__main__ as entry, sys\n"
        "seen = []\n"
        "gc.collect(); gc.callbacks.append(lambda phase, info: seen.append(phase))\n"
        "sys.argv[1:] = ['--version']\n"
        "entry.main()\n"
        "import exporter.cli.run\n"
        "print(len(seen))\n"
    )
    assert _run(code)[-1:] == ["0"]


def _run(code: str, *words: str, **environment: str) -> list[str]:
    """The words of the last line that a process of its own prints."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KUBE", "ENDPOINTS_EXPORTER_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, **environment},
    )
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()[-1].split()
