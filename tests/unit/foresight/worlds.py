"""Small clusters, and what is foretold of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exporter.engine.state import State
from exporter.foresight import Forecast, Judge, Question, World, foresee
from exporter.foresight.questions import find_places, find_views
from exporter.history import Clock
from tests.unit.apiserver import NOW, Json, endpoint, meta, pod, service, slice_of, state_of

TWO = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}


def place(text: str) -> Json:
    """`n1/a` is Node n1 in zone a; "-" is neither, `/a` a zone alone."""
    name, _, zone = text.partition("/")
    found = {"nodeName": "" if name == "-" else name, "zone": zone}
    return {key: value for key, value in found.items() if value}


def served(name: str, *places: str, metadata: Json | None = None, **spec: Any) -> list[Json]:
    """A Service and its slice, a ready endpoint in each of these places."""
    endpoints = []
    for number, text in enumerate(places, 1):
        target = {"kind": "Pod", "namespace": "d", "name": f"{name}-{number}"}
        endpoints.append(endpoint(f".{number}", targetRef=target, **place(text)))
    return [
        service(name, metadata=metadata, **spec),
        slice_of(*endpoints, name=f"{name}-x", service=name),
    ]


def running(
    name: str, number: int, node: str, owner: tuple[str, str] = ("ReplicaSet", "rs"), **more: Any
) -> Json:
    """The Pod NAME-NUMBER of a Service, ready on a Node."""
    found = pod(f"{name}-{number}", f"10.0.0.{number}", app=name)
    found["spec"]["nodeName"] = node
    if owner[0]:
        reference = {"kind": owner[0], "name": owner[1], "uid": "u", "controller": True}
        found["metadata"]["ownerReferences"] = [reference]
    found["status"].update(more)
    return found


def budget(name: str, app: str, **status: Any) -> Json:
    """A PodDisruptionBudget for the Pods with this label, counted as it is unless told else."""
    spec = {"selector": {"matchLabels": {"app": app}}, **status.pop("spec", {})}
    counted = {
        "observedGeneration": 1,
        "disruptionsAllowed": 0,
        "currentHealthy": 2,
        "desiredHealthy": 2,
        **status,
    }
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {**meta(name), "generation": 1},
        "spec": spec,
        "status": counted,
    }


def foretell(state: State, **question: Any) -> Forecast:
    """What is foretold of a state."""
    cluster = state.cluster
    views = find_views(cluster)
    places = find_places(cluster, views.values())
    world = World(cluster, views, state.reports, places, state.routes.routing)
    return foresee(world, Judge(Clock(NOW, NOW), state.options), Question(**question))


def foretold(
    *objects: Json | Iterable[Json], read: Iterable[str] = (), **question: Any
) -> Forecast:
    """What is foretold of these objects."""
    flat: list[Json] = []
    for given in objects:
        flat += [given] if isinstance(given, dict) else list(given)
    return foretell(state_of(*flat, read=read), **question)


def outcomes(forecast: Forecast) -> dict[str, str]:
    """Outcomes by name, with how many are left: `down 0`."""
    return {one.key.name: f"{one.outcome} {one.left}" for one in forecast.effects}
