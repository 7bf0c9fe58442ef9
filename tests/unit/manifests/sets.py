"""Sets of manifests for tests, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exporter.cli.linting import lint
from exporter.config import Settings
from exporter.manifests.reading import read_manifests
from exporter.manifests.verdict import Verdict

Json = dict[str, Any]


def service(name: str = "web", **spec: Any) -> Json:
    """A Service in shop that selects `app: NAME`; `meta` and spec fields can be changed."""
    meta = {"name": name, "namespace": "shop", **spec.pop("meta", {})}
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    base = {"selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {**base, **spec}}


def container(**changes: Any) -> Json:
    """A container that declares http on 8080."""
    return {
        "name": "app",
        "image": "example.com/app:1",
        "ports": [{"name": "http", "containerPort": 8080}],
        **changes,
    }


def workload(name: str = "web", kind: str = "Deployment", **spec: Any) -> Json:
    """A workload in shop whose Pods have `app: NAME`; two replicas unless told otherwise."""
    labels = spec.pop("labels", {"app": name})
    inside = spec.pop("containers", [container()])
    namespace = spec.pop("namespace", "shop")
    base = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": inside}},
    }
    found = {key: value for key, value in {**base, **spec}.items() if value is not None}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": found}


def budget(name: str = "web", **spec: Any) -> Json:
    """A PodDisruptionBudget in shop for `app: NAME`."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": name}}, **spec},
    }


def autoscaler(name: str = "web", low: int = 1, high: int = 5) -> Json:
    """A HorizontalPodAutoscaler for the Deployment of that name in shop."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": low,
            "maxReplicas": high,
        },
    }


def ingress(service: str, port: int = 80, namespace: str = "shop") -> Json:
    """An Ingress `front` that sends everything to one Service."""
    backend = {"service": {"name": service, "port": {"number": port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "front", "namespace": namespace},
        "spec": {"rules": [{"http": {"paths": [path]}}]},
    }


def write(folder: Path, *objects: Json, name: str = "all.yaml") -> str:
    """The path of a file with a document for each object."""
    path = folder / name
    path.write_text(yaml.safe_dump_all(objects, sort_keys=False), encoding="utf-8")
    return str(path)


def judge(folder: Path, *objects: Json, **options: bool) -> Verdict:
    """The verdict on these objects."""
    return lint(read_manifests([write(folder, *objects)], "default"), Settings(), **options)


def told(verdict: Verdict) -> list[tuple[str, str, str]]:
    """(level, rule, subject) of each remark."""
    return [(str(one.level), str(one.rule), one.subject) for one in verdict.remarks]
