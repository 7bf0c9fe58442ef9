"""Who the exporter is on the cluster: its ServiceAccount, the documented RBAC, and its token."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.e2e.harness.control_plane import REPOSITORY, ControlPlane
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.kubectl import Manifest

RBAC = REPOSITORY / "deploy" / "rbac"
DOCUMENTED_NAMESPACE = "monitoring"
DOCUMENTED_ACCOUNT = "kube-endpoints-exporter"
ALL_GROUPS = ("required", "pods", "nodes", "workloads", "endpoints", "dependents", "routes")


def load_rbac(group: str, *, namespaced: bool = False) -> list[Manifest]:
    """Return the objects of one file of deploy/rbac, for example of `pods`."""
    path = RBAC / ("namespaced" if namespaced else "") / f"{group}.yaml"
    with path.open(encoding="utf-8") as handle:
        return [document for document in yaml.safe_load_all(handle) if document]


class Access:
    """A ServiceAccount with some groups of the documented RBAC, and kubeconfigs with its token.

    Without `account` it is the documented one. With another name the same rules are bound to that
    account under names of their own: a test may take its permissions away without harm to others.
    """

    def __init__(
        self, cluster: ControlPlane, folder: Path, *, account: str = DOCUMENTED_ACCOUNT
    ) -> None:
        self.account = account
        self.folder = folder
        self._cluster = cluster
        self._kubectl = cluster.kubectl
        self.folder.mkdir(parents=True, exist_ok=True)

    def create(self, groups: Iterable[str] = ALL_GROUPS) -> None:
        """Create the namespace, the account, and the grants for `groups`."""
        namespace = {"apiVersion": "v1", "kind": "Namespace"}
        self._kubectl.apply({**namespace, "metadata": {"name": DOCUMENTED_NAMESPACE}})
        [account] = load_rbac("serviceaccount")
        metadata = {**account["metadata"], "name": self.account}
        self._kubectl.apply({**account, "metadata": metadata})
        for group in groups:
            self.grant(group)

    def grant(self, group: str, *, namespace: str | None = None) -> None:
        """Grant what one file of deploy/rbac holds; with `namespace` its namespaced variant."""
        options = () if namespace is None else (f"--namespace={namespace}",)
        self._kubectl.apply(*self._adapt(group, namespace), options=options)

    def revoke(self, group: str, *, namespace: str | None = None) -> None:
        """Take the binding of one group away; the role stays."""
        for manifest in self._adapt(group, namespace):
            if manifest["kind"].endswith("Binding"):
                target = f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
                self._kubectl.delete(target, namespace)

    def _adapt(self, group: str, namespace: str | None) -> list[Manifest]:
        """Return the file's objects; bindings name our account where it isn't the usual one."""
        adapted: list[Manifest] = []
        for manifest in load_rbac(group, namespaced=namespace is not None):
            if self.account == DOCUMENTED_ACCOUNT or not manifest["kind"].endswith("Binding"):
                adapted.append(manifest)
                continue
            [subject] = manifest["subjects"]
            metadata = manifest["metadata"]
            adapted.append(
                {
                    **manifest,
                    "metadata": {**metadata, "name": f"{metadata['name']}-{self.account}"},
                    "subjects": [{**subject, "name": self.account}],
                }
            )
        return adapted

    def mint_token(self, *, seconds: int = 3600) -> str:
        """Ask the API server for a token of the account (TokenRequest; 600 s at least)."""
        return self._kubectl.run(
            "create",
            "token",
            self.account,
            f"--namespace={DOCUMENTED_NAMESPACE}",
            f"--duration={seconds}s",
        ).strip()

    def write_kubeconfig(self, *, token_file: bool = False) -> Path:
        """Mint a token and write a kubeconfig with it; returns the path.

        With `token_file` the token lies in the file `token` beside it, as a kubelet projects it.
        """
        token = self.mint_token()
        target = self.folder / f"{self.account}.kubeconfig"
        if not token_file:
            return write_kubeconfig(
                target, server=self._cluster.url, ca_file=self._cluster.ca_file, token=token
            )
        self.write_token(token)
        return write_kubeconfig(
            target,
            server=self._cluster.url,
            ca_file=self._cluster.ca_file,
            token_file=self.folder / "token",
        )

    def write_token(self, token: str) -> None:
        """Replace the token file at once, so that nobody reads half a token."""
        fresh = self.folder / "token.new"
        fresh.write_text(token, encoding="utf-8")
        fresh.replace(self.folder / "token")
