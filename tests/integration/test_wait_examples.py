"""The shell parts of docs/wait.md run as they stand there, against an exporter."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.integration.commandline import DEADLINE, environment
from tests.integration.test_ready import exporter

PAGE = (Path(__file__).parents[2] / "docs" / "wait.md").read_text(encoding="utf-8")
URL = "http://kube-endpoints-exporter.monitoring:9769"


def find_scripts(text: str) -> list[str]:
    """All that a shell would run: plain blocks, commands of containers, steps and provisioners."""
    found: list[str] = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        if language == "sh":
            found.append(block)
        elif language == "hcl":
            found += re.findall(r"<<-EOT\n(.*?)\n\s*EOT", block, re.DOTALL)
        else:
            found += _find_in(yaml.safe_load(block))
    return found


def _find_in(node: Any) -> list[str]:
    if isinstance(node, list):
        return [script for one in node for script in _find_in(one)]
    if not isinstance(node, dict):
        return []
    if "command" in node:
        shell, flag, script = node["command"]
        assert (shell, flag) == ("sh", "-c")
        return [script]
    if "run" in node:
        return [node["run"]]
    return [script for one in node.values() for script in _find_in(one)]


async def test_every_example_of_waiting_ends_well_when_the_service_is_ready() -> None:
    """Two plain ones, an init container, Argo CD, Flux, Terraform, GitHub Actions: status 0."""
    scripts = find_scripts(PAGE)
    assert len(scripts) == 7
    program = f"{shlex.quote(sys.executable)} -m exporter"
    async with exporter("web-shop") as shown:
        for script in scripts:
            assert URL in script
            here = script.replace(URL, shown.url)
            here = re.sub(r"^\s*kube-endpoints-exporter ", f"{program} ", here, flags=re.MULTILINE)
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", here,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
            )  # fmt: skip
            out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
            assert process.returncode == 0, (script, out, err)
            assert b"ready" in out
