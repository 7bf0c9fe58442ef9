"""The image of the Dockerfile, built by buildah, and run as a kubelet would: read-only, no rights.

The process is the first of a PID namespace of its own, in a root that can't be written, with an uid
that no file of the image knows. Storage of its own, which goes when the context ends.
Needs root, buildah, and what `image_base` needs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.image_base import make_base, measure
from tests.e2e.harness.processes import Process

#: As OpenShift gives them out: an uid of the namespace's range, and the group of root.
UID = 1000650000
_BASE, _IMAGE = "localhost/image-base", "localhost/kube-endpoints-exporter"
# A root that is mounted once more, read-only, with /proc of the new PID namespace; what `chroot`
# runs takes the place of the shell, and so is process 1.
_ENTER = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&
mount -t proc proc "$1/proc" && mount -o bind,ro /dev "$1/dev" || exit 125
root=$1 user=$2; shift 2
exec setpriv --no-new-privs chroot --groups= --userspec="$user" "$root" "$@"
"""


@dataclass(frozen=True)
class Weight:
    """Bytes of files: of the base, and of what the Dockerfile puts on top of it."""

    base: int
    added: int


class Image:
    """A built image: what it says of itself, its files as a folder, and runs of it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder = folder
        self._cache = cache
        self._root = Path()
        self.config: dict[str, Any] = {}
        self.weight = Weight(0, 0)

    def __enter__(self) -> Self:
        self._folder.mkdir()
        archive = make_base(self._cache)
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", container, str(archive), "/")
        self._buildah("commit", container, _BASE)
        before = measure(Path(self._buildah("mount", container).strip()))
        settings = self._folder / "pip.conf"
        settings.write_text(_read_pip_settings(), encoding="utf-8")
        self._buildah(
            "bud",
            "--isolation=chroot",
            "--layers=false",
            f"--build-arg=BASE={_BASE}",
            f"--volume={settings}:/etc/pip.conf:ro",
            "--volume=/etc/ssl/certs:/etc/ssl/certs:ro",
            f"--tag={_IMAGE}",
            str(REPOSITORY),
        )
        self.config = json.loads(self._buildah("inspect", "--type=image", _IMAGE))["OCIv1"][
            "config"
        ]
        self._root = Path(self._buildah("mount", self._buildah("from", _IMAGE).strip()).strip())
        after = measure(self._root)
        added = sum(size for path, size in after.items() if before.get(path) != size)
        self.weight = Weight(sum(before.values()), added)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _buildah(self, *arguments: str) -> str:
        command = [
            "buildah",
            f"--root={self._folder / 'storage'}",
            f"--runroot={self._folder / 'run'}",
            "--storage-driver=vfs",
            *arguments,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        except FileNotFoundError:
            message = "buildah is needed to build the image, and not there"
            raise AssertionError(message) from None
        assert done.returncode == 0, f"{' '.join(command)}\n{(done.stdout + done.stderr)[-3000:]}"
        return done.stdout

    def compose(
        self,
        arguments: Sequence[str] | None = None,
        *,
        entrypoint: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command that runs the image; without `arguments` with those of the image itself."""
        named = self.config["Entrypoint"] if entrypoint is None else entrypoint
        given = self.config["Cmd"] if arguments is None else arguments
        pairs = [f"{key}={value}" for key, value in (environment or {}).items()]
        return [
            *("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=SIGKILL"),
            *("sh", "-ec", _ENTER, "sh", str(self._root), f"{UID}:0"),
            # No HOME: the kubelet sets none for a user without an entry in /etc/passwd.
            *("/usr/bin/env", "-i", *self.config["Env"], *pairs, *named, *given),
        ]

    def run(
        self, arguments: Sequence[str], *, entrypoint: Sequence[str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end and keep what it prints."""
        return subprocess.run(
            self.compose(arguments, entrypoint=entrypoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def put(self, file: Path, name: str) -> str:
        """Lay a file into the root, as a mounted volume would; returns its path inside."""
        target = self._root / name
        shutil.copy(file, target)
        target.chmod(0o444)
        return f"/{name}"


def find_inner(process: Process) -> int:
    """The pid, seen from here, of process 1 inside: the child of `unshare`."""
    outer = process.pid
    children = Path(f"/proc/{outer}/task/{outer}/children").read_text(encoding="ascii").split()
    assert len(children) == 1, children
    return int(children[0])


def _read_pip_settings() -> str:
    """How pip reaches its index from here, as a file for the build; nothing that is a path here."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=dict(os.environ),
    )
    lines = ["[global]"]
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.removeprefix(":env:").rpartition(".")[2]
        if name in {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "cert"}:
            lines.append(f"{name} = {value.strip(chr(39))}")
    return "\n".join(dict.fromkeys(lines)) + "\n"
