from __future__ import annotations

import re
import shutil
import subprocess

from exporter.cli.commands import COMMANDS
from exporter.cli.manpage import render_manpage
from exporter.config import SETTINGS

REQUESTS = {".TH", ".SH", ".SS", ".B", ".BR", ".I", ".TP", ".PP", ".nf", ".fi", '.\\"'}


def test_every_command_and_setting_is_on_the_page() -> None:
    """The page is made from the declarations: what is declared is on it."""
    page = render_manpage()
    for command in COMMANDS:
        assert f".SS {command.name}\n" in page
    for setting in SETTINGS:
        assert setting.flag.replace("-", "\\-") in page


def test_nothing_in_a_text_is_a_request() -> None:
    """Each line that begins with a dot is one of ours, and the whole is ASCII."""
    page = render_manpage()
    assert page.isascii()
    assert {line.split(" ")[0] for line in page.splitlines() if line[:1] in ".'"} <= REQUESTS
    assert not re.search(r"^$", page.removesuffix("\n"), re.MULTILINE)


def test_groff_has_nothing_to_say() -> None:
    """Where groff is, it formats the page without a warning."""
    groff = shutil.which("groff")
    if groff is None:
        return  # it is part of the base of most systems, and of none that has to have it
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-ww", "-z"],
        input=render_manpage(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
