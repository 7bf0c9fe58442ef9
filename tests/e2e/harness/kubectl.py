"""The real kubectl with one kubeconfig; returns what it printed, raises with what it complained."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Manifest = Mapping[str, Any]


class KubectlError(AssertionError):
    """kubectl ended with another status than 0; the message is what it wrote on stderr."""


class Kubectl:
    """A kubectl binary bound to a kubeconfig file."""

    def __init__(self, binary: Path, kubeconfig: Path) -> None:
        self.binary = binary
        self.kubeconfig = kubeconfig

    def run(self, *arguments: str, given: str | None = None, deadline: float = 60.0) -> str:
        """Run kubectl and return its stdout. `given` is what it reads on stdin."""
        done = subprocess.run(
            [self.binary, f"--kubeconfig={self.kubeconfig}", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=deadline,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def read(self, *arguments: str) -> Any:
        """Run `kubectl get … -o json` and return the decoded document."""
        return json.loads(self.run("get", *arguments, "-o", "json"))

    def list_items(self, *arguments: str) -> list[Any]:
        """Return the items of `kubectl get …`."""
        items: list[Any] = self.read(*arguments)["items"]
        return items

    def apply(self, *manifests: Manifest, options: Iterable[str] = ()) -> None:
        """Apply objects, server-side, taking over fields that others have set before."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.run(
            "apply",
            "--server-side",
            "--force-conflicts",
            *options,
            "-f",
            "-",
            given=document,
        )

    def create(self, *manifests: Manifest) -> None:
        """Create objects; fails when one exists already."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.run("create", "-f", "-", given=document)

    def patch(
        self,
        target: str,
        namespace: str | None,
        change: Mapping[str, Any] | list[Any],
        *,
        subresource: str | None = None,
    ) -> None:
        """Patch `kind/name`: a mapping as a merge patch, a list as a JSON patch."""
        arguments = [
            "patch",
            target,
            f"--type={'json' if isinstance(change, list) else 'merge'}",
            f"--patch={json.dumps(change)}",
        ]
        if namespace is not None:
            arguments.append(f"--namespace={namespace}")
        if subresource is not None:
            arguments.append(f"--subresource={subresource}")
        self.run(*arguments)

    def delete(self, target: str, namespace: str | None = None, *options: str) -> None:
        """Delete `kind/name` and return as soon as the API server has taken note."""
        arguments = ["delete", target, "--wait=false", "--ignore-not-found", *options]
        if namespace is not None:
            arguments.append(f"--namespace={namespace}")
        self.run(*arguments)
