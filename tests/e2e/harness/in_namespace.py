"""Begins a program in a network namespace of its own that reaches one port outside of it.

Run as `python in_namespace.py SOCKET PORT COMMAND …`: goes into a new network namespace, listens
there on PORT of loopback, hands the listening socket to whoever listens on the Unix socket SOCKET
(who forwards what comes in) and becomes COMMAND. What COMMAND does to its network is gone with it.
Needs the right to make namespaces (root).
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000


def main(path: str, port: str, *command: str) -> None:
    """Hand over a listening socket from inside of a new network namespace, then run `command`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        sys.exit(f"no network namespace can be made: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.create_server(("127.0.0.1", int(port)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as parent:
        parent.connect(path)
        socket.send_fds(parent, [b"listening"], [listener.fileno()])
    listener.close()
    os.execv(command[0], command)  # noqa: S606 - the caller says what to begin


if __name__ == "__main__":
    main(*sys.argv[1:])
