"""Kubeconfig files: one made for the simulated server, and the namespace that a user's names."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_DEFAULT = "default"
_NAME = "simulated"


@contextlib.contextmanager
def kubeconfig_for(url: str) -> Iterator[str]:
    """The path of a kubeconfig for a server that lets everybody in, until the context ends.

    Raises OSError where no temporary file can be written.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": {"server": url}}],
        "users": [{"name": _NAME, "user": {}}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
        "current-context": _NAME,
    }
    import tempfile  # for `demo` alone

    with tempfile.TemporaryDirectory(prefix="kube-endpoints-exporter-") as folder:
        path = Path(folder, "kubeconfig")
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        yield str(path)


@contextlib.contextmanager
def kubeconfig_if_possible(url: str) -> Iterator[str | None]:
    """The same; None on a disk where nothing can be written: one line says so, and all goes on."""
    with contextlib.ExitStack() as exits:
        path = None
        try:
            path = exits.enter_context(kubeconfig_for(url))
        except OSError as error:
            reason = error.strerror or str(error)
            print(f"no kubeconfig: a temporary file can't be written ({reason})", file=sys.stderr)
        yield path


def find_namespace(
    kubeconfig: str | None,
    context: str | None,
    env: Mapping[str, str] = os.environ,
    in_pod: Path = _IN_POD,
) -> str:
    """The namespace that kubectl would use without -n: the context's, the Pod's, or `default`.

    Files that can't be read name none: whoever connects next says what is wrong with them.
    """
    from exporter.api import CredentialsError
    from exporter.api.credentials import find_kubeconfig

    try:
        config = find_kubeconfig(kubeconfig, env)
    except CredentialsError:
        return _DEFAULT
    if config is None or config.is_empty:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return in_pod.read_text(encoding="utf-8").strip() or _DEFAULT
        return _DEFAULT
    found = config.contexts.get(context or config.current)
    return (found.namespace if found else None) or _DEFAULT
