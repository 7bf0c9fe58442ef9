"""Advice on what was read from a file: there is no permission to ask for, the file lacks it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GRANT = re.compile(r"(?P<first>[Ll])et the exporter list and watch (?P<what>\w+)")
_ASKS = "kubectl auth can-i "


def advise_on_file(fix: str) -> str:
    """The same advice, where what can't be read is not in the file."""

    def reword(found: re.Match[str]) -> str:
        verb = "Take" if found["first"] == "L" else "take"
        return f"{verb} the dump with {found['what']} in it"

    return _GRANT.sub(reword, fix)


def without_grants(commands: Sequence[str]) -> tuple[str, ...]:
    """The commands less those that ask what one may do: of a file that says nothing."""
    return tuple(command for command in commands if not command.startswith(_ASKS))
