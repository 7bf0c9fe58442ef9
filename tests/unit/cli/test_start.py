"""What a command that works on a dump does not import: that is what its start takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

#: None of them is of use without a network, and each costs a tenth of the time or more.
HEAVY = (
    "aiohttp",
    "asyncio",
    "jinja2",
    "kubernetes",
    "prometheus_client",
    "ssl",
    "structlog",
    "yaml",
    "exporter.api",
    "exporter.server",
    "exporter.sim",
    "exporter.web",
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


@pytest.mark.parametrize("words", [("get", "-A"), ("get", "-A", "-o", "json"), ("check",)])
def test_a_dump_is_answered_without_what_only_a_network_needs(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing heavy is loaded, in a process of its own."""
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": []}))
    command = [sys.executable, "-c", _RUN, *words, "--from-file", str(dump)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    loaded = done.stdout.splitlines()[-1].split()
    assert "exporter.judging" in loaded
    assert [name for name in HEAVY if name in loaded] == []
