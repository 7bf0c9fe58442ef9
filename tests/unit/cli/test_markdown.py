from __future__ import annotations

import re

from exporter.cli import render_cli_markdown
from exporter.cli.commands import COMMANDS


def test_every_command_has_its_section_and_every_argument_its_row() -> None:
    """The page is made from the declarations: what is declared is on it."""
    page = render_cli_markdown()
    assert re.findall(r"^## `(\w+)`", page, re.MULTILINE) == [one.name for one in COMMANDS]
    assert "| `--from-file FILE` | " in page
    assert "| `-n NS`, `--namespace NS` | Only this namespace. |" in page
    assert "| `-w`, `--watch` | " in page
    assert "| `SERVICE` | Only this Service: NAME, NAMESPACE/NAME or svc/NAME. `routes`:" in page


def test_every_example_is_shown() -> None:
    """Examples stand in shell blocks, ready to copy."""
    page = render_cli_markdown()
    for command in COMMANDS:
        for line in command.lines():
            assert f"\n{line}\n" in page
