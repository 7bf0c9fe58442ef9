"""Credential plugins: programs of a kubeconfig that print a token or a certificate.

Protocol: `ExecCredential` of client.authentication.k8s.io, as it is spoken by client-go's
plugin/pkg/client/auth/exec. What a plugin prints is never shown: it may hold a credential.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from exporter.api.entries import PLUGIN_EXTENSION, Cluster, Place, PluginEntry
from exporter.api.errors import CredentialsError, one_line
from exporter.api.kubeconfig import parse_document
from exporter.api.private_files import memory_file, read_back
from exporter.objects.meta import parse_time

#: Seconds that a plugin may take where no person can answer it: it may have to ask a cloud.
PLUGIN_PATIENCE = 60.0

#: Bytes that a plugin may print.
LARGEST_ANSWER = 1024 * 1024


class PluginAnswer(msgspec.Struct, frozen=True):
    """What a plugin gave. `expires` is in seconds since the epoch, None for 'not told'."""

    token: str | None
    certificate: bytes | None
    key: bytes | None
    expires: float | None


class _Status(msgspec.Struct, rename="camel"):
    expiration_timestamp: str | None = None
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Credential(msgspec.Struct, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    status: _Status | None = None


class Plugin:
    """A user's plugin. `cluster` is what it is told of the cluster where its entry asks for it."""

    def __init__(self, entry: PluginEntry, place: Place, cluster: dict[str, Any] | None) -> None:
        self._entry = entry
        command = entry.command or ""
        # As for a shell: a bare name is looked up, a path is one; it is the kubeconfig's own.
        self._command = str(place.resolve(command)) if os.sep in command else command
        self._cluster = cluster if entry.provide_cluster_info else None

    async def ask(self) -> PluginAnswer:
        """Run it once; raises CredentialsError in one line that shows nothing it printed."""
        interactive = self._is_interactive()
        program = shutil.which(self._command)
        if program is None:
            raise self._missing()
        output = memory_file()
        try:
            await self._run(program, output, interactive=interactive)
            return self._read(read_back(output, LARGEST_ANSWER + 1))
        finally:
            os.close(output)

    def _error(self, problem: str) -> CredentialsError:
        return CredentialsError(f"the credential plugin {self._entry.command!r} {problem}")

    def _missing(self) -> CredentialsError:
        if os.sep in self._command and Path(self._command).exists():
            return self._error("can't be run: it is no program that we may run")
        hint = one_line(self._entry.install_hint or "")
        return self._error("is not installed" + (f": {hint}" if hint else ""))

    def _is_interactive(self) -> bool:
        mode = self._entry.interactive_mode or "IfAvailable"
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise self._error("needs a terminal to ask a person, and there is none")
        return mode != "Never" and terminal

    def _environment(self, *, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._cluster is not None:
            spec["cluster"] = self._cluster
        credential = {
            "kind": "ExecCredential",
            "apiVersion": self._entry.api_version,
            "spec": spec,
        }
        own = {one.name or "": one.value or "" for one in self._entry.env or ()}
        told = msgspec.json.encode(credential).decode() + "\n"  # as client-go's encoder ends it
        return {**os.environ, **own, "KUBERNETES_EXEC_INFO": told}

    async def _run(self, program: str, output: int, *, interactive: bool) -> None:
        # It may speak to a person directly, as under kubectl; into a log it may not: nobody knows
        # what it has to say there.
        aloud = sys.stderr is not None and sys.stderr.isatty()
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *(self._entry.args or ()),
                stdin=None if interactive else asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=None if aloud else asyncio.subprocess.DEVNULL,
                env=self._environment(interactive=interactive),
                # What it starts must end with it; but only our own group may read the terminal.
                process_group=None if interactive else 0,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its arguments can't be passed on"
            raise self._error(f"can't be run: {reason}") from None
        try:
            async with asyncio.timeout(None if interactive else PLUGIN_PATIENCE):
                status = await process.wait()
        except TimeoutError:
            raise self._error(
                f"gave no answer in {PLUGIN_PATIENCE:.0f} s and was stopped"
            ) from None
        finally:
            if process.returncode is None:
                _kill(process.pid, group=not interactive)
                await process.wait()
        if status:
            how = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
            raise self._error(f"failed: it {how}; run it by hand to see why")

    def _read(self, printed: bytes) -> PluginAnswer:
        try:
            found = msgspec.convert(parse_document(printed[: LARGEST_ANSWER + 1]), _Credential)
        except (ValueError, msgspec.ValidationError):
            raise self._error("failed: what it printed is no ExecCredential") from None
        if len(printed) > LARGEST_ANSWER or found.kind != "ExecCredential":
            raise self._error("failed: what it printed is no ExecCredential")
        if found.api_version != self._entry.api_version:
            raise self._error(
                f"failed: it did not answer in the version it was asked in"
                f" ({self._entry.api_version})"
            )
        status = found.status or _Status()
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise self._error("gave only one of a certificate and its key")
        if not status.token and not status.client_certificate_data:
            raise self._error("gave neither a token nor a certificate")
        if status.token and not status.token.isprintable():
            raise self._error("gave a token that no header can hold")
        return PluginAnswer(
            status.token or None,
            (status.client_certificate_data or "").encode() or None,
            (status.client_key_data or "").encode() or None,
            parse_time(status.expiration_timestamp),
        )


def describe_cluster(
    cluster: Cluster, server: str, authority: bytes | None, proxy: str | None
) -> dict[str, Any]:
    """`spec.cluster` of an ExecCredential (client-go's rest/exec.go), with what is set alone."""
    config = next(
        (one.extension for one in cluster.extensions or () if one.name == PLUGIN_EXTENSION), None
    )
    told = {
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(authority or b"").decode(),
        "proxy-url": proxy,
        "disable-compression": cluster.disable_compression,
    }
    return {"server": server, **{key: value for key, value in told.items() if value}} | {
        "config": config
    }


def _kill(pid: int, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
