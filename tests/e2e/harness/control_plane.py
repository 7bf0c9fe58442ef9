"""A real Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, kwok.

Everything lies in one folder: data, certificates, logs, kubeconfig. Nodes and Pods are simulated by
kwok; a Node without its annotation is left alone, so that tests write the status of its Pods.
"""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.kubectl import Kubectl
from tests.e2e.harness.processes import LOOPBACK, Process, choose_port
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request

REPOSITORY = Path(__file__).resolve().parents[3]
BINARIES = REPOSITORY / ".tools" / "bin"
KWOK_ANNOTATION = "kwok.x-k8s.io/node"
ZONE_LABEL = "topology.kubernetes.io/zone"
_STAGES = Path(__file__).with_name("kwok-stages.yaml")
_CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "statefulset-controller",
    "daemonset-controller",
    "resourcequota-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "node-lifecycle-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
)
_START_SECONDS = 90.0  # on two busy cores; seconds on idle ones


class MissingToolError(AssertionError):
    """A binary that the harness runs has not been built."""


def find_binary(name: str, folder: Path = BINARIES) -> Path:
    """Return the path of a binary; raises MissingToolError with the command that builds it."""
    path = folder / name
    if not path.is_file():
        raise MissingToolError(f"{name} is not in {folder}; run: python tools/build.py {name}")
    return path


class ControlPlane:
    """A control plane in `folder`; `with` starts it and takes it down.

    `controllers`, `scheduler` and `kwok` can be left out: a benchmark that writes its own slices
    needs none of them. `api_server_flags` are added to the API server's, for example a larger
    request limit.
    """

    def __init__(
        self,
        folder: Path,
        *,
        controllers: bool = True,
        scheduler: bool = True,
        kwok: bool = True,
        api_server_flags: Sequence[str] = (),
        binaries: Path = BINARIES,
    ) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.admin_token = secrets.token_hex(16)
        self.etcd_port = choose_port()
        self.api_port = choose_port()
        self.url = f"https://{LOOPBACK}:{self.api_port}"
        self.ca_file = folder / "ca.crt"
        self.kubeconfig = folder / "admin.kubeconfig"
        self.kubectl = Kubectl(find_binary("kubectl", binaries), self.kubeconfig)
        self._binaries = binaries
        self._exits = ExitStack()
        self.logs.mkdir(parents=True, exist_ok=True)
        self.etcd = self._define_etcd()
        self.api_server = self._define_api_server(api_server_flags)
        self.controllers = self._define_controllers() if controllers else None
        self.scheduler = self._define_scheduler() if scheduler else None
        self.kwok = self._define_kwok() if kwok else None

    def __enter__(self) -> Self:
        try:
            self._write_credentials()
            self._exits.enter_context(self.etcd)
            self._exits.enter_context(self.api_server)
            self.wait_for_api_server()
            for process in (self.controllers, self.scheduler, self.kwok):
                if process is not None:
                    self._exits.enter_context(process)
            wait_until("the namespace default", self._has_default_namespace, deadline=30)
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End everything at once; nothing in the folder is meant to be used again."""
        for process in self.list_processes():
            process.kill()
        self._exits.close()

    def list_processes(self) -> list[Process]:
        """Return what runs or ran, the API server's clients first."""
        optional = (self.kwok, self.scheduler, self.controllers)
        return [*(process for process in optional if process), self.api_server, self.etcd]

    # --- the pieces ---

    def _define(self, name: str, *flags: str) -> Process:
        return Process(name, [find_binary(name, self._binaries), *flags], log_folder=self.logs)

    def _define_etcd(self) -> Process:
        client = f"http://{LOOPBACK}:{self.etcd_port}"
        peer = f"http://{LOOPBACK}:{choose_port()}"
        return self._define(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # the data is thrown away anyhow
            "--log-level=warn",
        )

    def _define_api_server(self, flags: Sequence[str]) -> Process:
        key = self.folder / "service-account.key"
        return self._define(
            "kube-apiserver",
            f"--etcd-servers=http://{LOOPBACK}:{self.etcd_port}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self.api_port}",
            # A documentation address: loopback is refused here, and the machine's own would differ.
            "--advertise-address=192.0.2.1",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--tls-cert-file={self.folder / 'server.crt'}",
            f"--tls-private-key-file={self.folder / 'server.key'}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            # On a busy machine clients are slow, and queueing would make the tests flicker.
            "--max-requests-inflight=1000",
            "--max-mutating-requests-inflight=500",
            *flags,
        )

    def _define_controllers(self) -> Process:
        return self._define(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--controllers={','.join(_CONTROLLERS)}",
            "--leader-elect=false",
            f"--service-account-private-key-file={self.folder / 'service-account.key'}",
            f"--root-ca-file={self.ca_file}",
            f"--bind-address={LOOPBACK}",
            "--secure-port=0",
            # Nothing renews the heartbeat of a Node that kwok leaves alone.
            "--node-monitor-grace-period=24h",
            # Changes within this time become one update of a slice; 0 is the upstream default.
            "--endpointslice-updates-batch-period=0s",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        )

    def _define_scheduler(self) -> Process:
        config = self.folder / "scheduler.json"
        document = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {"kubeconfig": str(self.kubeconfig), "qps": 200, "burst": 400},
            "leaderElection": {"leaderElect": False},
        }
        config.write_text(json.dumps(document), encoding="utf-8")
        return self._define(
            "kube-scheduler",
            f"--config={config}",
            f"--bind-address={LOOPBACK}",
            "--secure-port=0",
        )

    def _define_kwok(self) -> Process:
        return self._define(
            "kwok",
            f"--kubeconfig={self.kubeconfig}",
            f"--config={_STAGES}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={KWOK_ANNOTATION}=fake",
            f"--node-ip={LOOPBACK}",
            "--node-lease-duration-seconds=0",
        )

    def _write_credentials(self) -> None:
        authority = trustme.CA()
        server = authority.issue_cert(LOOPBACK, "localhost")
        authority.cert_pem.write_to_path(self.ca_file)
        server.private_key_pem.write_to_path(self.folder / "server.key")
        chain = b"".join(blob.bytes() for blob in server.cert_chain_pems)
        (self.folder / "server.crt").write_bytes(chain)
        trustme.CA().private_key_pem.write_to_path(self.folder / "service-account.key")
        line = f'{self.admin_token},admin,1,"system:masters"\n'
        (self.folder / "tokens.csv").write_text(line, encoding="utf-8")
        write_kubeconfig(
            self.kubeconfig, server=self.url, ca_file=self.ca_file, token=self.admin_token
        )

    # --- what tests do with it ---

    def wait_for_api_server(self) -> None:
        """Wait until the API server says that it is ready."""

        def is_ready() -> bool:
            self.etcd.check_running()
            self.api_server.check_running()
            return self.request("GET", "/readyz").decode() == "ok"

        wait_until("the API server is ready", is_ready, deadline=_START_SECONDS)

    def restart_api_server(self) -> None:
        """Start the API server again, on the same port with the same data, and wait for it."""
        self.api_server.start()
        self.wait_for_api_server()

    def compact_etcd(self) -> int:
        """Forget all revisions before the newest; return it.

        Watches and continue tokens from before end with 410 once the API server has to ask etcd.
        """
        revision = int(self._post_to_etcd("/v3/maintenance/status", {})["header"]["revision"])
        self._post_to_etcd("/v3/kv/compaction", {"revision": str(revision), "physical": True})
        return revision

    def _post_to_etcd(self, path: str, body: Mapping[str, Any]) -> Any:
        url = f"http://{LOOPBACK}:{self.etcd_port}{path}"
        return json.loads(send_request(url, method="POST", body=body))

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
    ) -> bytes:
        """Send one request to the API server as administrator; return the answer's body.

        Raises StatusError for a status of 400 and up, OSError when it can't be reached. Much
        cheaper than a kubectl process where many objects are written.
        """
        return send_request(
            self.url + path,
            method=method,
            body=body,
            headers={
                "Authorization": f"Bearer {self.admin_token}",
                "Content-Type": content_type,
                "Accept": "application/json",
            },
            context=ssl.create_default_context(cafile=str(self.ca_file)),
            deadline=60,
        )

    def _has_default_namespace(self) -> bool:
        return bool(self.request("GET", "/api/v1/namespaces/default"))

    def add_node(
        self,
        name: str,
        *,
        zone: str | None,
        number: int,
        managed: bool = True,
    ) -> None:
        """Add a Node that is Ready; `number` (0–255) makes its Pod networks.

        A managed one is run by kwok. The Pods of the others stay as the tests write their status;
        the scheduler keeps away from them.
        """
        labels = {"kubernetes.io/hostname": name}
        if zone is not None:
            labels[ZONE_LABEL] = zone
        taints = [{"key": "e2e/staged", "effect": "NoSchedule"}]
        self.kubectl.apply(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "labels": labels,
                    "annotations": {KWOK_ANNOTATION: "fake"} if managed else {},
                },
                "spec": {
                    "podCIDR": f"10.244.{number}.0/24",
                    "podCIDRs": [f"10.244.{number}.0/24", f"fd00:10:244:{number:x}::/64"],
                    "taints": [] if managed else taints,
                },
            }
        )
        if not managed:
            ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
            self.kubectl.patch(
                f"node/{name}", None, {"status": {"conditions": [ready]}}, subresource="status"
            )
        wait_until(f"node {name} is ready", lambda: self._is_node_ready(name))

    def _is_node_ready(self, name: str) -> bool:
        conditions = self.kubectl.read("node", name)["status"].get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
