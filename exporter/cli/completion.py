"""`completion`: the script that makes a shell complete the program's words."""

from __future__ import annotations

import argparse
import sys

from exporter.cli.errors import PROGRAM, Exit
from exporter.config import Settings


def run(args: argparse.Namespace, _settings: Settings) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode

    sys.stdout.write(shellcode([PROGRAM], shell=args.shell).strip() + "\n")
    return Exit.FINE
