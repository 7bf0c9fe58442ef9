"""How the program was started: what is printed to be typed has to work when it is typed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

from exporter.cli.errors import PROGRAM

#: What kubectl runs for `kubectl endpoints`.
PLUGIN = "kubectl-endpoints"


def name_program() -> str:
    """The words that start the program from a shell, as short as they can be."""
    path = sys.argv[0]
    if os.path.basename(path) == "__main__.py":  # noqa: PTH119 - it may be empty, a Path is not
        return f"{shlex.quote(sys.executable)} -m exporter"
    if os.path.basename(path) == PLUGIN:  # noqa: PTH119 - as above
        return "kubectl endpoints"
    found = shutil.which(PROGRAM)
    if found is not None and os.path.exists(path) and os.path.samefile(found, path):  # noqa: PTH110, PTH121 - as above
        return PROGRAM
    return shlex.quote(path) if path.endswith(PROGRAM) else PROGRAM
