"""Plain manifests and the kustomize base, rendered by Helm from the chart.

The labels that only Helm needs are taken off. Never talks to a cluster.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

NAME = "kube-endpoints-exporter"
NAMESPACE = "monitoring"
HEADER = "# Made from charts/kube-endpoints-exporter by tools/chart.py; don't edit.\n"
#: What can be put on top of the plain installation: the switch, and the kind of the objects.
EXTRAS = {
    "service-monitor": ("serviceMonitor.enabled=true", "ServiceMonitor"),
    "pod-monitor": ("podMonitor.enabled=true", "PodMonitor"),
    "prometheus-rule": ("prometheusRule.enabled=true", "PrometheusRule"),
    "network-policy": ("networkPolicy.enabled=true", "NetworkPolicy"),
    "dashboards": ("dashboards.enabled=true", "ConfigMap"),
    "disruption-budget": (
        "podDisruptionBudget.enabled=true,podDisruptionBudget.maxUnavailable=1",
        "PodDisruptionBudget",
    ),
}
#: Other ways to run it, each whole, to be applied in place of the plain installation.
FORMS = {
    "events": ("config.events=true",),
    "leader-election": ("leaderElection.enabled=true", "replicas=2"),
    "one-namespace": ("rbac.scope=namespace", "namespaces={default}"),
    "shards": ("sharding.enabled=true",),
    "tls": (
        "webConfig.enabled=true",
        "webConfig.existingSecret=exporter-web",
        "webConfig.tls=true",
    ),
}
#: The forms that are kustomize components too.
_LEADER = "leader-election"
_EVENTS = "events"
_HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")


class HelmError(Exception):
    """One line: Helm is missing, or what it complained of."""


def render_deployments(chart: Path, helm: Path) -> dict[Path, str]:
    """All files below deploy/manifests and deploy/kustomize, by path from the root."""
    manifests = Path("deploy/manifests")
    kustomize = Path("deploy/kustomize")
    plain = render(chart, helm, ())
    files = {manifests / f"{NAME}.yaml": show(plain)}
    for name, objects in split(plain).items():
        files[kustomize / "base" / f"{name}.yaml"] = show(objects)
    files[kustomize / "base" / "kustomization.yaml"] = show(
        [
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "namespace": NAMESPACE,
                "resources": sorted(f"{name}.yaml" for name in split(plain)),
            }
        ]
    )
    for name, (switch, kind) in EXTRAS.items():
        objects = [one for one in render(chart, helm, (switch,)) if one["kind"] == kind]
        # Before there are rules or dashboards there is nothing to install.
        if not objects or (kind == "PrometheusRule" and not objects[0]["spec"]["groups"]):
            continue
        files[manifests / f"{name}.yaml"] = show(objects)
        files[kustomize / "components" / name / f"{name}.yaml"] = show(objects)
        files[kustomize / "components" / name / "kustomization.yaml"] = show(
            [
                {
                    "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                    "kind": "Component",
                    "resources": [f"{name}.yaml"],
                }
            ]
        )
    forms = {name: render(chart, helm, switches) for name, switches in FORMS.items()}
    files |= {manifests / "complete" / f"{name}.yaml": show(one) for name, one in forms.items()}
    components = kustomize / "components"
    for name, make_patch in ((_LEADER, make_leader_patch), (_EVENTS, make_events_patch)):
        files |= make_component(components / name, plain, forms[name], make_patch())
    return files


def make_leader_patch() -> dict[str, Any]:
    """The Lease by environment, for the namespace is the overlay's to say; and two replicas."""
    own = {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    lease = {"name": "ENDPOINTS_EXPORTER_LEADER_LEASE", "value": f"$(POD_NAMESPACE)/{NAME}"}
    return {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": NAME, "env": [own, lease]}]}},
    }


def make_events_patch() -> dict[str, Any]:
    """The switch by environment, which adds to what others set."""
    switch = {"name": "ENDPOINTS_EXPORTER_EVENTS", "value": "true"}
    return {"template": {"spec": {"containers": [{"name": NAME, "env": [switch]}]}}}


def make_component(
    folder: Path, plain: list[Any], form: list[Any], patch: dict[str, Any]
) -> dict[Path, str]:
    """What a form has besides the plain objects, and the patch of the Deployment's spec."""
    known = {(one["kind"], one["metadata"]["name"]) for one in plain}
    added = [one for one in form if (one["kind"], one["metadata"]["name"]) not in known]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": patch,
    }
    component = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": [f"{folder.name}.yaml"],
        "patches": [
            # By kind and name: the base has a namespace, and this can't know which.
            {"path": "deployment.yaml", "target": {"kind": "Deployment", "name": NAME}}
        ],
    }
    return {
        folder / f"{folder.name}.yaml": show(added),
        folder / "deployment.yaml": show([deployment]),
        folder / "kustomization.yaml": show([component]),
    }


def render(chart: Path, helm: Path, switches: Sequence[str]) -> list[Any]:
    """The objects of the chart, without its tests and without Helm's labels."""
    if not helm.is_file():
        raise HelmError(
            "helm is not in .tools/bin; run: python tools/build.py helm "
            "(or pass --without-helm to leave manifests as they are)"
        )
    flags = [f"--set={switch}" for switch in ("tests.enabled=false", *switches)]
    command = [str(helm), "template", NAME, str(chart), f"--namespace={NAMESPACE}", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise HelmError(done.stderr.strip())
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    for one in objects:
        strip(one)
    return objects


def strip(value: object) -> None:
    """Take Helm's labels off an object and its Pod template."""
    if isinstance(value, dict):
        labels = value.get("labels")
        if isinstance(labels, dict):
            for label in _HELM_LABELS:
                labels.pop(label, None)
        for inner in value.values():
            strip(inner)


def split(objects: Iterable[Any]) -> dict[str, list[Any]]:
    """The objects by the file of the kustomize base that they belong to."""
    files: dict[str, list[Any]] = {}
    for one in objects:
        kind: str = one["kind"]
        name = "rbac" if "Role" in kind else kind.lower()
        files.setdefault(name, []).append(one)
    return files


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as such: JSON on one line can't be reviewed."""


def _show_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _show_text)


def show(objects: Iterable[Any]) -> str:
    """YAML documents under a line that says where they come from."""
    return HEADER + yaml.dump_all(
        objects, Dumper=_Dumper, sort_keys=False, width=100, explicit_start=False
    )
