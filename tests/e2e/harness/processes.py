"""Child processes with a log each, and free ports on loopback. Never leaves a process behind."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_TAIL_LINES = 40


def _die_with_parent() -> None:
    """Ask the kernel to kill this child when its parent is gone, even after a kill -9."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ProcessError(AssertionError):
    """A process did not start, or ended by itself; the message holds the end of its log."""


class Process:
    """One child process: output into a log file, ended at the latest when the context ends.

    `name` is used for the log file and in messages. The same object can be started again after
    `stop` or `kill`, with the same arguments; the log is continued.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        log_folder: Path,
        environment: Mapping[str, str] | None = None,
        niceness: int = 0,
    ) -> None:
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log = log_folder / f"{name}.log"
        self._environment = dict(environment or {})
        self._niceness = niceness
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process; does not wait for it to be ready. Raises ProcessError."""
        self.stop()

        def prepare() -> None:
            _die_with_parent()
            if self._niceness:
                os.nice(self._niceness)

        with self.log.open("ab") as log:
            try:
                self._child = subprocess.Popen(
                    self.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self._environment},
                    preexec_fn=prepare,  # noqa: PLW1509 - set before any thread is started
                )
            except OSError as error:
                raise ProcessError(f"{self.name} can't be started: {error}") from error

    @property
    def pid(self) -> int:
        """The process id; raises ProcessError when it does not run."""
        self.check_running()
        assert self._child is not None
        return self._child.pid

    def is_running(self) -> bool:
        """Tell whether the process was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def check_running(self) -> None:
        """Raise ProcessError with the end of the log unless the process runs."""
        if not self.is_running():
            status = None if self._child is None else self._child.returncode
            raise ProcessError(f"{self.name} does not run (status {status})\n{self.read_tail()}")

    def wait(self, deadline: float) -> int:
        """Wait up to `deadline` seconds for the process to end by itself; return its status."""
        assert self._child is not None
        try:
            return self._child.wait(timeout=deadline)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self.name} still runs after {deadline:g} s") from None

    def stop(self, grace: float = 10.0) -> int | None:
        """End the process politely, after `grace` seconds by force; return its status.

        Returns None when it was not running.
        """
        if self._child is None:
            return None
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=grace)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        status = self._child.returncode
        self._child = None
        return status

    def kill(self) -> None:
        """End the process at once, as a crash would (SIGKILL)."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def pause(self) -> None:
        """Freeze the process (SIGSTOP), as a stalled machine would."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def read_log(self) -> str:
        """Return all that the process has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def read_tail(self, lines: int = _TAIL_LINES) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.read_log().splitlines()[-lines:])


def choose_port() -> int:
    """Return a port on loopback that is free now.

    Taken from below the range that the system gives to outgoing connections, so that nobody
    takes it while a server that is to come back on the same port is down.
    """
    for _ in range(200):
        port = random.randint(15000, 29999)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
            try:
                candidate.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ProcessError("no free port on loopback between 15000 and 29999")
