"""`--web.auth=kubernetes` against the real API server: who is let in, and who is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness.access import DOCUMENTED_NAMESPACE, Access
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.processes import LOOPBACK, choose_port
from tests.e2e.harness.tcp_proxy import TcpProxy
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import StatusError, send_request
from tests.e2e.watching import Cluster

READER = "metrics-reader"


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[TcpProxy]:
    """A way to the API server that can be refused."""
    with TcpProxy(cluster.plane.api_port) as running:
        yield running


def _ask(exporter: Exporter, token: str | None, path: str = "/metrics") -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        send_request(exporter.url + path, headers=headers, deadline=15)
    except StatusError as error:
        return error.status
    return 200


def test_tokens_are_those_that_the_cluster_knows_and_allows(
    cluster: Cluster, workspace: Path, proxy: TcpProxy
) -> None:
    """Allowed, denied, granted later, deleted, invalid, none; and the API server away."""
    exporter_access = Access(cluster.plane, workspace / "asking", account="asking")
    exporter_access.create(["required", "auth"])
    kubeconfig = write_kubeconfig(
        exporter_access.folder / "proxied.kubeconfig",
        server=f"https://{LOOPBACK}:{proxy.port}",
        ca_file=cluster.plane.ca_file,
        token=exporter_access.mint_token(),
    )
    readers = {
        name: Access(cluster.plane, workspace / name, account=name) for name in ("in", "out")
    }
    for reader in readers.values():
        reader.create([])
    cluster.kubectl.apply(_role(), _binding("in"))
    tokens = {name: reader.mint_token() for name, reader in readers.items()}
    apart = choose_port()
    flags = ["--web.auth=kubernetes", f"--web.telemetry-address={LOOPBACK}:{apart}"]
    with Exporter("asking", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        wait_until("it asks the cluster", lambda: _ask(exporter, tokens["in"]) == 200, deadline=60)
        assert _ask(exporter, tokens["out"]) == 403
        assert _ask(exporter, tokens["in"], "/") == 403
        # By its own roles every account may get /api/* of the API server; not ours.
        assert _ask(exporter, tokens["in"], "/api/v1/services") == 403
        assert _ask(exporter, tokens["in"][:-4] + "AAAA") == 401
        assert _ask(exporter, "nonsense") == 401
        assert _ask(exporter, None) == 401
        assert send_request(f"http://{LOOPBACK}:{apart}/livez") == b"ok\n"

        cluster.kubectl.apply(_binding("out"))
        wait_until("a grant shows", lambda: _ask(exporter, tokens["out"]) == 200, deadline=30)

        late = readers["in"].mint_token(seconds=601)
        proxy.refuse()
        assert _ask(exporter, tokens["in"]) == 200  # a yes is kept for a minute
        assert _ask(exporter, late) == 503
        proxy.allow()
        wait_until("it asks again", lambda: _ask(exporter, late) == 200, deadline=30)

        cluster.kubectl.delete(f"serviceaccount/{readers['out'].account}", DOCUMENTED_NAMESPACE)
        wait_until(
            "its token is worth nothing", lambda: _ask(exporter, tokens["out"]) == 401, deadline=90
        )


def _role() -> dict[str, object]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": READER},
        "rules": [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}],
    }


def _binding(account: str) -> dict[str, object]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{READER}-{account}"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": READER,
        },
        "subjects": [
            {"kind": "ServiceAccount", "name": account, "namespace": DOCUMENTED_NAMESPACE}
        ],
    }
