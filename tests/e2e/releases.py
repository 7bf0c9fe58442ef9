"""Releases of the chart on a real API server, and the custom kinds that its objects may be of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.chart.rendering import CHART as FOLDER
from tests.chart.rendering import REPOSITORY, run_helm
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.watching import Cluster

HOME = "helm-home"
CRDS = REPOSITORY / "tools" / "crds"
OPERATOR = "github.com/prometheus-operator/prometheus-operator"
AUTOSCALER = "k8s.io/autoscaler/vertical-pod-autoscaler"
MONITORING = ("podmonitors", "prometheusrules", "scrapeconfigs", "servicemonitors")


class Release:
    """A Helm release of the chart, or of one that depends on it, in a namespace of the cluster."""

    def __init__(self, cluster: Cluster, name: str, namespace: str = HOME) -> None:
        self.name = name
        self.chart = FOLDER
        self.kind = "deployment"
        self.namespace = namespace
        self.full_name = f"{name}-kube-endpoints-exporter"
        self._cluster = cluster
        self._flags = [f"--kubeconfig={cluster.plane.kubeconfig}", f"--namespace={namespace}"]

    def put(self, *options: str, kind: str = "deployment") -> None:
        """Install the release, or upgrade it; its Pods come from an object of this kind."""
        self.kind = kind
        run_helm("upgrade", "--install", self.name, self.chart, *self._flags, *options)

    def remove(self) -> None:
        """Uninstall the release if it is there."""
        run_helm("uninstall", self.name, *self._flags, "--ignore-not-found")

    def read(self, kind: str) -> Any:
        """The object of a kind that carries the full name."""
        target = f"{kind}/{self.full_name}"
        return self._cluster.kubectl.read(target, f"--namespace={self.namespace}")

    def list_pods(self) -> list[str]:
        """Names of its Pods: those that Pod security refuses are not there."""
        selector = f"--selector=app.kubernetes.io/instance={self.name}"
        found = self._cluster.kubectl.list_items("pods", f"--namespace={self.namespace}", selector)
        return sorted(one["metadata"]["name"] for one in found)

    def list_objects(self) -> list[str]:
        """Kind and name of every object that the release owns on the API server."""
        kinds = (
            "deployments,statefulsets,services,serviceaccounts,configmaps,secrets,networkpolicies,"
            "poddisruptionbudgets,leases,roles,rolebindings,clusterroles,clusterrolebindings"
        )
        selector = f"--selector=app.kubernetes.io/instance={self.name}"
        found = self._cluster.kubectl.list_items(kinds, "--all-namespaces", selector)
        return sorted(f"{one['kind']}/{one['metadata']['name']}" for one in found)

    def read_arguments(self) -> list[str]:
        """The arguments of the installed Deployment, but for the address and the log."""
        [container] = self.read(self.kind)["spec"]["template"]["spec"]["containers"]
        here = ("--web.listen-address=", "--log.format=")
        [command, *rest] = container["args"]
        assert command == "run"
        return [one for one in rest if not one.startswith(here)]

    def read_account(self) -> str:
        """The ServiceAccount that the installed Deployment runs as."""
        name: str = self.read(self.kind)["spec"]["template"]["spec"]["serviceAccountName"]
        return name

    def write_kubeconfig(self, folder: Path) -> Path:
        """A kubeconfig with a token of the installed account."""
        plane = self._cluster.plane
        account, scope = self.read_account(), f"--namespace={self.namespace}"
        token = self._cluster.kubectl.run("create", "token", account, scope).strip()
        return write_kubeconfig(
            folder / f"{self.name}.kubeconfig", server=plane.url, ca_file=plane.ca_file, token=token
        )

    def may(
        self, verb: str, resource: str, namespace: str | None = None, name: str | None = None
    ) -> bool:
        """What the API server itself says of the account's rights (SubjectAccessReview)."""
        plural, _, group = resource.partition(".")
        attributes = {"verb": verb, "resource": plural, "group": group, "name": name or ""}
        if namespace is not None:
            attributes["namespace"] = namespace
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{self.namespace}:{self.read_account()}",
                "groups": ["system:serviceaccounts", "system:authenticated"],
                "resourceAttributes": attributes,
            },
        }
        answer = self._cluster.kubectl.run(
            "create", "-o", "json", "-f", "-", given=json.dumps(review)
        )
        allowed: bool = json.loads(answer)["status"]["allowed"]
        return allowed


def install_custom_kinds(cluster: Cluster) -> None:
    """The definitions of Prometheus Operator's and the autoscaler's kinds, as they publish them."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", OPERATOR, AUTOSCALER],
        cwd=CRDS,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    decoder, text, folders = json.JSONDecoder(), done.stdout.strip(), {}
    while text:
        module, end = decoder.raw_decode(text)
        folders[module["Path"]] = Path(module["Dir"])
        text = text[end:].strip()
    published = folders[OPERATOR] / "example" / "prometheus-operator-crd"
    files = [published / f"monitoring.coreos.com_{kind}.yaml" for kind in MONITORING]
    files.append(folders[AUTOSCALER] / "deploy" / "vpa-v1-crd-gen.yaml")
    cluster.kubectl.run("apply", "--server-side", *(f"--filename={path}" for path in files))
    cluster.kubectl.run("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
