"""What an index outside of the cluster is told."""

from __future__ import annotations

from typing import Protocol

from exporter.model import ObjectKey
from exporter.objects.codec import Retained


class Watcher(Protocol):
    """Somebody who keeps an index of their own."""

    def change(
        self, resource: str, key: ObjectKey, old: Retained | None, new: Retained | None
    ) -> None:
        """An object has changed; None: it was or is not there."""

    def change_scope(self, resource: str) -> None:
        """A resource can be read now where it could not, or the other way round."""
