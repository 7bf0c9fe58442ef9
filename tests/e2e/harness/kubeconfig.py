"""Kubeconfig files with one cluster, one user and one context; nothing of the caller's is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_kubeconfig(
    target: Path,
    *,
    server: str,
    ca_file: Path,
    token: str | None = None,
    token_file: Path | None = None,
) -> Path:
    """Write a kubeconfig that authenticates with a token, or with a file that holds one."""
    user: dict[str, Any] = {}
    if token is not None:
        user["token"] = token
    if token_file is not None:
        user["tokenFile"] = str(token_file)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "loopback",
        "clusters": [
            {
                "name": "loopback",
                "cluster": {"server": server, "certificate-authority": str(ca_file)},
            }
        ],
        "users": [{"name": "somebody", "user": user}],
        "contexts": [{"name": "loopback", "context": {"cluster": "loopback", "user": "somebody"}}],
    }
    # JSON is YAML; so the harness needs no YAML writer.
    target.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return target
