"""Kubeconfig files: one made for the simulated server, and the namespace that a user's names."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_DEFAULT = "default"
_NAME = "simulated"


@contextlib.contextmanager
def kubeconfig_for(url: str) -> Iterator[str]:
    """The path of a kubeconfig for a server that lets everybody in, until the context ends."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": {"server": url}}],
        "users": [{"name": _NAME, "user": {}}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
        "current-context": _NAME,
    }
    with tempfile.TemporaryDirectory(prefix="kube-endpoints-exporter-") as folder:
        path = Path(folder, "kubeconfig")
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        yield str(path)


def find_namespace(
    kubeconfig: str | None,
    context: str | None,
    env: Mapping[str, str] = os.environ,
    in_pod: Path = _IN_POD,
) -> str:
    """The namespace that kubectl would use without -n: the context's, the Pod's, or `default`.

    Files that can't be read name none: whoever connects next says what is wrong with them.
    """
    paths = kubeconfig or env.get("KUBECONFIG") or "~/.kube/config"
    configs = [_read(Path(path).expanduser()) for path in paths.split(os.pathsep) if path]
    # Of several files the first that says something wins, entry by entry, as kubectl merges them.
    current = context or next(filter(None, (one.get("current-context") for one in configs)), None)
    for config in configs:
        for entry in _list(config, "contexts"):
            if entry.get("name") == current and isinstance(entry.get("context"), dict):
                return _text(entry["context"].get("namespace")) or _DEFAULT
    if not any(configs):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return in_pod.read_text(encoding="utf-8").strip() or _DEFAULT
    return _DEFAULT


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_bytes())
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(config: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = config.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
