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
    """Where addresses are read from, which is also what can be known of them."""

    ENDPOINTSLICES = "endpointslices"
    ENDPOINTS = "endpoints"

    @property
    def exact(self) -> bool:
        """Whether it tells serving and terminating, zones and hints, managers and all families.

        A legacy Endpoints object tells none of these.
        """
        return self is Source.ENDPOINTSLICES


class ListMode(StrEnum):
    """How the first objects of a watched resource are read."""

    LIST = "list"
    STREAM = "stream"
    AUTO = "auto"


class SyncMode(StrEnum):
    """How the API server is followed."""

    WATCH = "watch"
    POLL = "poll"
    AUTO = "auto"
