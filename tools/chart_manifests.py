"""Plain manifests and the kustomize base, rendered by Helm from the chart.

The labels that only Helm needs are taken off. Never talks to a cluster.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
#: What a component changes is told by environment: that adds to what other components tell.
_OWN = {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
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
    # In the namespace of the base, which an overlay changes everywhere at once.
    own = render(chart, helm, ("rbac.scope=namespace", f"namespaces={{{NAMESPACE}}}"))
    changes = {
        "events": Change(find_added(plain, forms["events"]), make_events_patches()),
        "leader-election": Change(
            find_added(plain, forms["leader-election"]), make_leader_patches()
        ),
        "own-namespace": Change(find_added(plain, own), make_own_namespace_patches(plain)),
        "shards": Change(
            find_added(plain, forms["shards"]), [delete("Deployment", "deployment.yaml")]
        ),
        "tls": Change([], make_tls_patches(forms["tls"])),
    }
    for name, change in changes.items():
        files |= make_component(kustomize / "components" / name, change)
    return files


class Patch(NamedTuple):
    """A patch of the base: its file, the kind that it is for (a pattern), and what it says."""

    file: str
    kind: str
    content: Any


class Change(NamedTuple):
    """What a component adds to the base and what it changes there."""

    added: list[Any]
    patches: list[Patch]


def find_added(plain: Iterable[Any], form: Iterable[Any]) -> list[Any]:
    """What a form has besides the plain objects."""
    known = {(one["kind"], one["metadata"]["name"]) for one in plain}
    return [one for one in form if (one["kind"], one["metadata"]["name"]) not in known]


def patch_pods(container: dict[str, Any], kind: str = "Deployment|StatefulSet") -> Patch:
    """Something more for the container, in whichever kind has the Pods' template."""
    spec = {"template": {"spec": {"containers": [{"name": NAME, **container}]}}}
    return Patch("pods.yaml", kind, _name({"spec": spec}, "apps/v1", "Deployment"))


def delete(kind: str, file: str) -> Patch:
    """An object of the base goes."""
    group = "apps/v1" if kind == "Deployment" else "rbac.authorization.k8s.io/v1"
    return Patch(file, kind, _name({"$patch": "delete"}, group, kind))


def _name(content: dict[str, Any], version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, **content}


def make_leader_patches() -> list[Patch]:
    """The Lease by environment, for the namespace is the overlay's to say; and two replicas."""
    lease = {"name": "ENDPOINTS_EXPORTER_LEADER_LEASE", "value": f"$(POD_NAMESPACE)/{NAME}"}
    pods = patch_pods({"env": [_OWN, lease]}, "Deployment")
    pods.content["spec"]["replicas"] = 2
    return [pods]


def make_events_patches() -> list[Patch]:
    """The switch by environment."""
    return [patch_pods({"env": [{"name": "ENDPOINTS_EXPORTER_EVENTS", "value": "true"}]})]


def make_own_namespace_patches(plain: Iterable[Any]) -> list[Patch]:
    """Its own namespace and no Nodes, and no rights in all of the cluster."""
    own = {"name": "ENDPOINTS_EXPORTER_NAMESPACES", "value": "$(POD_NAMESPACE)"}
    nodes = {"name": "ENDPOINTS_EXPORTER_NODES", "value": "off"}
    wide = [one["kind"] for one in plain if one["kind"].startswith("ClusterRole")]
    gone = [delete(f"^{kind}$", f"no-{kind.lower()}.yaml") for kind in wide]
    return [patch_pods({"env": [_OWN, own, nodes]}), *gone]


def make_tls_patches(form: Iterable[Any]) -> list[Patch]:
    """The Secret `exporter-web` is mounted and read; probes and monitors speak https."""
    [pod] = [one["spec"]["template"]["spec"] for one in form if one["kind"] == "Deployment"]
    [container] = pod["containers"]
    [flag] = [one for one in container["args"] if one.startswith("--web.config.file=")]
    file = {"name": "ENDPOINTS_EXPORTER_WEB_CONFIG_FILE", "value": flag.partition("=")[2]}
    kept = {name: container[name] for name in ("volumeMounts", *_PROBES)}
    scheme = {"op": "add", "value": "https"}
    monitors = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
    pods = patch_pods({"env": [file], **kept})
    pods.content["spec"]["template"]["spec"]["volumes"] = pod["volumes"]
    return [
        pods,
        *(
            Patch(f"{kind.lower()}.yaml", kind, [{**scheme, "path": f"/spec/{where}/0/scheme"}])
            for kind, where in monitors.items()
        ),
    ]


def make_component(folder: Path, change: Change) -> dict[Path, str]:
    """The files of a component. Targets are by kind and name: no namespace is known here."""
    component: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
    }
    files = {}
    if change.added:
        component["resources"] = [f"{folder.name}.yaml"]
        files[folder / f"{folder.name}.yaml"] = show(change.added)
    component["patches"] = [
        {"path": one.file, "target": {"kind": one.kind, "name": NAME}} for one in change.patches
    ]
    files |= {folder / one.file: show([one.content]) for one in change.patches}
    files[folder / "kustomization.yaml"] = show([component])
    return files


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
