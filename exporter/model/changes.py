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


Change = Upsert | Delete | Replace | Forget
