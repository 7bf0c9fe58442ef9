"""What is wrong with a dump, in a line made to stand after `NAME: `."""

from __future__ import annotations

ADVICE = "give what `kubectl get … -o json` or `-o yaml` prints"


class DumpError(Exception):
    """What was given is no dump, or not a whole one. The message is one line."""


class NoObjectsError(DumpError):
    """It is whole, and it is no dump: in a folder of many files that is nothing to tell."""


def count_lines(data: bytes, at: int) -> int:
    """The number of the line, from 1, in which the byte stands."""
    return data.count(b"\n", 0, at) + 1
