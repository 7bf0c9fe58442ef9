"""How a command fails: in plain lines on stderr and an exit status, never with a traceback."""

from __future__ import annotations

from enum import IntEnum

PROGRAM = "kube-endpoints-exporter"


class Exit(IntEnum):
    """What the exit status says. The last two are what a shell reports for the signals."""

    FINE = 0
    #: The answer is no: a Service is not as it should be, or there is none of that name.
    NOT_FINE = 1
    #: The command could not do its work: bad flag, unreadable file, unreachable cluster.
    FAILED = 2
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class CommandError(Exception):
    """A command can't go on; each line is printed after the program's name."""

    def __init__(self, *lines: str, status: int = Exit.FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.status = int(status)
