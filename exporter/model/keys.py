"""How things are named: Services, objects, sources, ways of following."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

ANNOTATION_PREFIX = "endpoints-exporter.io/"


class ServiceKey(NamedTuple):
    """A Service's identity; orders by namespace, then name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ObjectKey(NamedTuple):
    """An object's identity within its resource; `namespace` is "" for cluster-wide ones."""

    namespace: str
    name: str


class Source(StrEnum):
    """Where addresses are read from."""

    ENDPOINTSLICES = "endpointslices"
    ENDPOINTS = "endpoints"


class SyncMode(StrEnum):
    """How the API server is followed."""

    WATCH = "watch"
    POLL = "poll"
    AUTO = "auto"
