"""File descriptors: how many connections the limit of the process leaves room for."""

from __future__ import annotations

import resource

#: For what is open besides connections of clients: files, watches, the API server's connections.
_OTHERS = 128


def fit_connections(wanted: int) -> int:
    """`wanted`, or fewer where the process may not open as many files.

    The limit is raised as far as the process may do that. Without room for a connection the
    system refuses every accept, and with it those of clients that are known.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHERS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):
        raised = soft
    return max(1, min(wanted, raised - _OTHERS))
