"""What Helm makes of the chart, as objects; and what it complains of. Needs the built helm."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "charts" / "kube-endpoints-exporter"
HELM = REPOSITORY / ".tools" / "bin" / "helm"
FIXTURES = Path(__file__).with_name("fixtures")
RELEASE = "release"
FULL_NAME = "release-kube-endpoints-exporter"
READ = ["get", "list", "watch"]

Object = dict[str, Any]


class RefusedError(Exception):
    """Helm did not render; the message is what it wrote on stderr."""


def list_fixtures(kind: str) -> list[Path]:
    """The value files of tests/chart/fixtures/KIND, which must not be empty."""
    found = sorted((FIXTURES / kind).glob("*.yaml"))
    assert found
    return found


def read_expectation(path: Path) -> str:
    """The message that a fixture's first line says is to be expected."""
    found = re.match(r"# expect: (.+)", path.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def run_helm(*arguments: str | Path) -> str:
    """Run helm and return its stdout; RefusedError when it fails."""
    assert HELM.is_file(), "helm is not built; run: python tools/build.py helm"
    command = [str(HELM), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RefusedError(done.stderr)
    return done.stdout


def render(
    values: Path | None = None,
    *,
    sets: Sequence[str] = (),
    chart: Path = CHART,
    options: Sequence[str] = (),
) -> list[Object]:
    """The rendered objects of the chart with a file of values and further `--set`s."""
    flags = [] if values is None else [f"--values={values}"]
    flags += [f"--set={one}" for one in sets]
    text = run_helm("template", RELEASE, chart, "--namespace=monitoring", *flags, *options)
    return [one for one in yaml.safe_load_all(text) if one]


def pick(objects: Iterable[Object], kind: str) -> list[Object]:
    """The objects of a kind."""
    return [one for one in objects if one["kind"] == kind]


def pick_one(objects: Iterable[Object], kind: str) -> Object:
    """The one object of a kind."""
    [found] = pick(objects, kind)
    return found


def pick_workload(objects: Iterable[Object]) -> Object:
    """The Deployment, or with shards the StatefulSet."""
    [found] = [one for one in objects if one["kind"] in {"Deployment", "StatefulSet"}]
    return found


def get_container(deployment: Object) -> Object:
    """The exporter's own container."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    [own] = [one for one in containers if one["name"] == "kube-endpoints-exporter"]
    result: Object = own
    return result


def grant(resources: Iterable[str], group: str = "") -> Object:
    """A rule as the chart writes it: get, list and watch on resources of one API group."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": READ}


AUTH: list[Object] = [
    {"apiGroups": [group], "resources": [resource], "verbs": ["create"]}
    for group, resource in (
        ("authentication.k8s.io", "tokenreviews"),
        ("authorization.k8s.io", "subjectaccessreviews"),
    )
]
EVENTS: Object = {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]}
SERVICES = grant(["services"])
SLICES = grant(["endpointslices"], "discovery.k8s.io")
ENDPOINTS = grant(["endpoints"])
PODS = grant(["pods"])
NODES = grant(["nodes"])
WORKLOADS = [
    grant(["deployments", "replicasets", "statefulsets", "daemonsets"], "apps"),
    grant(["replicationcontrollers"]),
]
NAMESPACED_DEPENDENTS = [
    grant(["ingresses"], "networking.k8s.io"),
    grant(["grpcroutes", "httproutes"], "gateway.networking.k8s.io"),
]
DEPENDENTS = [
    *NAMESPACED_DEPENDENTS,
    grant(
        ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        "admissionregistration.k8s.io",
    ),
    grant(["apiservices"], "apiregistration.k8s.io"),
]
_ROUTES = [
    grant(["ingresses"], "networking.k8s.io"),
    grant(
        [
            "gateways",
            "grpcroutes",
            "httproutes",
            "referencegrants",
            "tcproutes",
            "tlsroutes",
            "udproutes",
        ],
        "gateway.networking.k8s.io",
    ),
]
_MONITORS = grant(["podmonitors", "probes", "servicemonitors"], "monitoring.coreos.com")
NAMESPACED_ROUTES = [*_ROUTES, _MONITORS]
ROUTES = [
    *_ROUTES,
    grant(
        ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        "admissionregistration.k8s.io",
    ),
    grant(["customresourcedefinitions"], "apiextensions.k8s.io"),
    grant(["apiservices"], "apiregistration.k8s.io"),
    _MONITORS,
]
