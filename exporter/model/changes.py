"""What flows into the cluster: objects that come, change and go, and what is no longer known."""

from __future__ import annotations

import msgspec

from exporter.model.keys import ObjectKey
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected


class Upsert(msgspec.Struct, frozen=True):
    """An object is there, new or changed."""

    resource: str
    object: Retained | Rejected


class Delete(msgspec.Struct, frozen=True):
    """An object is gone."""

    resource: str
    key: ObjectKey


class Replace(msgspec.Struct, frozen=True):
    """All objects of a resource in a scope; what is not among them is gone.

    `namespace` is the scope: "" is the whole cluster.
    """

    resource: str
    namespace: str
    objects: tuple[Retained | Rejected, ...]


class Forget(msgspec.Struct, frozen=True):
    """A resource in a scope can no longer be read: nothing may be concluded from it."""

    resource: str
    namespace: str


class Missing(msgspec.Struct, frozen=True):
    """A resource of one namespace that was not held and is wanted again.

    `ticket` tells one wish from another for the same: what was read for an earlier one is void.
    """

    resource: str
    namespace: str
    ticket: int


class Fill(msgspec.Struct, frozen=True):
    """What was missing: all its objects, read after it was told that they are."""

    missing: Missing
    objects: tuple[Retained | Rejected, ...]

    @property
    def resource(self) -> str:
        """As every change has it."""
        return self.missing.resource


Change = Upsert | Delete | Replace | Forget | Fill
