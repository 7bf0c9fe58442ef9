"""LIST: which state at which version, and which page of it. Bytes out, no sockets.

Rules: apiserver pkg/storage/cacher (delegator.go, cacher.go) and pkg/storage/etcd3/errors.go. It
never changes the store.
"""

from __future__ import annotations

import msgspec

from exporter.sim.encoding import encode_list
from exporter.sim.options import ListOptions, decode_token, encode_token
from exporter.sim.resources import Resource
from exporter.sim.status import (
    INCONSISTENT_CONTINUE,
    Status,
    StatusError,
    bad_request,
    expired,
    too_large,
)
from exporter.sim.store import Store
from exporter.sim.table import Entry


class Page(msgspec.Struct, frozen=True):
    """One answer to a LIST: its items, the version they share, and the token for what follows."""

    items: list[bytes]
    version: int
    token: str = ""
    remaining: int | None = None

    def body(self, resource: Resource, *extra: bytes) -> bytes:
        """Return the JSON of the page; `extra` items are put in front of the real ones."""
        return encode_list(
            resource, [*extra, *self.items], self.version, self.token, self.remaining
        )


async def read_page(
    store: Store,
    resource: Resource,
    namespace: str,
    options: ListOptions,
    *,
    limit_at_zero: bool = False,
    fresh_wait: float = 3.0,
) -> Page:
    """Answer one LIST; StatusError 400, 410 or 504.

    `limit_at_zero` is whether resourceVersion=0 honours the limit: servers up to 1.37 return
    everything. `fresh_wait` is how many seconds the server waits for a version that it doesn't have
    yet.
    """
    if options.token:
        return _continued(store, resource, namespace, options)
    version: int | None = None
    if options.number:
        if not await store.reached(options.number, 0 if options.exact else fresh_wait):
            raise StatusError(too_large(options.number, store.resource_version))
        version = options.number if options.exact else None
    entries = store.entries(resource, namespace, version)
    limit = options.limit
    if options.version == "0" and not limit_at_zero:
        limit = 0
    shown = store.resource_version if version is None else version
    return _page(namespace, options, entries, limit, shown)


def _continued(store: Store, resource: Resource, namespace: str, options: ListOptions) -> Page:
    if options.number:
        raise StatusError(
            bad_request("specifying resource version is not allowed when using continue")
        )
    token = decode_token(options.token)
    start = f"{namespace}/{token.start}" if namespace else token.start
    version = None if token.rv < 0 else token.rv
    try:
        entries = store.entries(resource, namespace, version, start)
    except StatusError:
        raise StatusError(expired_continue(token.start)) from None
    shown = store.resource_version if version is None else version
    return _page(namespace, options, entries, options.limit, shown)


def page_number(store: Store, resource: Resource, namespace: str, options: ListOptions) -> int:
    """Return which page of its list a request asks for, from 0, as far as the token tells."""
    if not options.token:
        return 0
    token = decode_token(options.token)
    start = f"{namespace}/{token.start}" if namespace else token.start
    total = len(store.entries(resource, namespace, None))
    before = total - len(store.entries(resource, namespace, None, start))
    return max(1, before // options.limit if options.limit else 1)


def expired_continue(start: str) -> Status:
    """Return the 410 that offers a token for an inconsistent rest."""
    return expired(INCONSISTENT_CONTINUE, encode_token(-1, start))


def _page(
    namespace: str, options: ListOptions, entries: list[Entry], limit: int, version: int
) -> Page:
    plain = not options.labels and not options.fields
    if plain and (not limit or len(entries) <= limit):
        return Page([e.item for e in entries], version)
    items: list[bytes] = []
    for at, entry in enumerate(entries):
        if options.selects(entry):
            items.append(entry.item)
        if limit and len(items) == limit:
            rest = len(entries) - at - 1
            if not rest:
                break
            key = entry.key[len(namespace) + 1 :] if namespace else entry.key
            token = encode_token(version, key + "\0")
            return Page(items, version, token, rest if plain else None)
    return Page(items, version)
