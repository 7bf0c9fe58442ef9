"""The simulated API server: an HTTP server in front of a store.

It authenticates, authorises, logs and routes; what lists and watches say is decided elsewhere. It
changes the cluster in no way: that is done through the store.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from exporter.sim.access import USER, Access, Deny
from exporter.sim.answers import (
    BROKEN_OBJECT,
    Wire,
    broken_answer,
    json_answer,
    status_answer,
)
from exporter.sim.discovery import PUBLIC, discovery_body, version_body
from exporter.sim.encoding import whole_object
from exporter.sim.faults import Fault, FaultKind, Faults
from exporter.sim.listing import expired_continue, page_number, read_page
from exporter.sim.options import ListOptions, decode_token, parse_options
from exporter.sim.requests import Request, Target, check_accept, target_of
from exporter.sim.status import (
    StatusError,
    forbidden,
    method_not_allowed,
    not_found,
    unauthorized,
)
from exporter.sim.streams import watch_answer
from exporter.sim.watching import Pace, Stream

if TYPE_CHECKING:
    from exporter.sim.store import Store

_NOT_FOUND = b"404 page not found\n"
#: Requests that the log keeps.
_LOGGED = 2_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulated server differs from a default 1.37.

    `watch_list` is the feature gate WatchList, `watch_list_compression` the one that compresses
    such streams. `limit_at_zero` is whether resourceVersion=0 honours the limit. `unserved` holds
    qualified plurals (`httproutes.gateway.networking.k8s.io`) that answer 404, as without a CRD.
    """

    pace: Pace = Pace()
    watch_list: bool = True
    watch_list_compression: bool = True
    limit_at_zero: bool = False
    unserved: frozenset[str] = frozenset()


class SimServer:
    """Serves a store on a socket.

    `port` 0 takes a free one. `tokens` are the valid bearer tokens (none: everyone is let in),
    `denied` what RBAC doesn't grant, `faults` what goes wrong; all three can be changed while the
    server runs (`access`, `faults`), and so can `settings`. `requests` is the log, newest last.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tokens: Iterable[str] = (),
        denied: Iterable[Deny] = (),
        ssl_context: ssl.SSLContext | None = None,
        faults: Iterable[Fault] = (),
        settings: Settings | None = None,
    ) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.access = Access(tokens, denied)
        self.faults = Faults(faults)
        self.requests: deque[Request] = deque(maxlen=_LOGGED)
        self.host = host
        self.port = port
        self._ssl = ssl_context
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end; the port is known once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._ssl else 'http'}://{host}:{self.port}"

    async def start(self) -> str:
        """Listen and return the base URL; OSError when the port is taken."""
        self._stopping = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await self._runner.setup()
        await self._listen()
        return self.url

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("the server has not been started")
        self._site = web.TCPSite(
            self._runner, self.host, self.port, ssl_context=self._ssl, reuse_address=True
        )
        try:
            await self._site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        if not self.port:
            self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End every stream and stop listening."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = self._site = None

    async def pause(self) -> None:
        """Refuse connections and cut those that are open, as if the process were killed."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self.cut()

    async def resume(self) -> None:
        """Listen again on the same port."""
        await self._listen()

    def cut(self) -> None:
        """Cut every open connection; new ones are accepted."""
        if self._runner is None or self._runner.server is None:
            return
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def seen(self, resource: str, verb: str) -> list[Request]:
        """Return the logged requests for a plural and a verb, oldest first."""
        return [r for r in self.requests if r.resource == resource and r.verb == verb]

    # --- one request ----------------------------------------------------------------------------

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        entry = Request(http.method, http.path, dict(http.query), dict(http.headers))
        self.requests.append(entry)
        headers = {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}
        wire = Wire(http, self._stopping, headers)
        try:
            return await self._route(wire, entry)
        except StatusError as e:
            entry.status = e.status.code
            return status_answer(e.status, headers)
        except ConnectionError:
            # the client is gone, or was cut off on purpose: whatever is returned is dropped
            return web.Response(status=499)

    async def _route(self, wire: Wire, entry: Request) -> web.StreamResponse:
        http = wire.request
        path = http.path.rstrip("/") or "/"
        authorization = http.headers.get("Authorization", "")
        known = self.access.knows(authorization) or bool(
            http.transport and http.transport.get_extra_info("peercert")
        )
        if not known and (authorization or path not in PUBLIC):
            raise StatusError(unauthorized())
        target = target_of(path)
        if target is not None and target.resource.qualified not in self.settings.unserved:
            return await self._resource(wire, entry, target)
        if http.method not in ("GET", "HEAD"):
            raise StatusError(method_not_allowed())
        answer = self._about(wire, path)
        entry.status = answer.status
        return answer

    def _about(self, wire: Wire, path: str) -> web.Response:
        if path in ("/healthz", "/livez", "/readyz"):
            return web.Response(text="ok", headers=wire.headers)
        if path == "/version":
            body: bytes | None = version_body()
        else:
            address = f"{self.host}:{self.port}"
            body = discovery_body(path, self.settings.unserved, address)
        if body is None:
            return web.Response(status=404, body=_NOT_FOUND, content_type="text/plain")
        return web.Response(body=body, content_type="application/json", headers=wire.headers)

    async def _resource(self, wire: Wire, entry: Request, target: Target) -> web.StreamResponse:
        http = wire.request
        resource = target.resource
        if http.method != "GET":
            raise StatusError(method_not_allowed())
        check_accept(http.headers.get("Accept", ""))
        if resource.deprecation:
            wire.headers["Warning"] = f'299 - "{resource.deprecation}"'
        watch = http.query.get("watch", "false") not in ("false", "0")
        verb = "get" if target.name else "watch" if watch else "list"
        entry.verb, entry.resource = verb, resource.plural
        entry.namespace, entry.name = target.namespace, target.name
        if self.access.denies(resource.plural, verb, target.namespace):
            raise StatusError(forbidden(resource, verb, target.namespace, target.name, USER))
        wire = msgspec.structs.replace(wire, namespace=target.namespace)
        if verb == "get":
            return await self._get(wire, entry, target)
        options = parse_options(http.query, resource, watch_list=self.settings.watch_list)
        if verb == "watch":
            return await self._watch(wire, entry, target, options)
        return await self._list(wire, entry, target, options)

    async def _get(self, wire: Wire, entry: Request, target: Target) -> web.StreamResponse:
        resource = target.resource
        fault = self.faults.take(resource.plural, "get", target.namespace)
        found = self.store.entry(resource, target.namespace, target.name)
        body = b"" if found is None else whole_object(resource, found.item) + b"\n"
        if fault is not None:
            broken = await broken_answer(wire, fault, resource, body)
            if broken is not None:
                entry.status = broken.status
                return broken
        if found is None:
            raise StatusError(not_found(resource, target.name))
        entry.status = 200
        return await json_answer(wire, body)

    async def _list(
        self, wire: Wire, entry: Request, target: Target, options: ListOptions
    ) -> web.StreamResponse:
        resource = target.resource
        number = page_number(self.store, resource, target.namespace, options)
        fault = self.faults.take(resource.plural, "list", target.namespace, page=number)
        if fault is not None and fault.kind is FaultKind.EXPIRED_CONTINUE:
            raise StatusError(expired_continue(decode_token(options.token).start))
        page = await read_page(
            self.store,
            resource,
            target.namespace,
            options,
            limit_at_zero=self.settings.limit_at_zero,
            fresh_wait=self.settings.pace.fresh_wait,
        )
        if fault is not None:
            extra = [BROKEN_OBJECT] if fault.kind is FaultKind.BAD_OBJECT else []
            body = page.body(resource, *extra)
            broken = await broken_answer(wire, fault, resource, body)
            if broken is not None:
                entry.status = broken.status
                return broken
        else:
            body = page.body(resource)
        entry.status = 200
        return await json_answer(wire, body)

    async def _watch(
        self, wire: Wire, entry: Request, target: Target, options: ListOptions
    ) -> web.StreamResponse:
        resource = target.resource
        fault = self.faults.take(resource.plural, "watch", target.namespace)
        kind = fault.kind if fault else None
        stream = Stream(
            self.store,
            resource,
            target.namespace,
            options,
            self.settings.pace,
            bookmarks=kind is not FaultKind.NO_BOOKMARKS,
            initial_events=kind is not FaultKind.IGNORE_INITIAL_EVENTS,
        )
        compressed = options.watch_list and self.settings.watch_list_compression and wire.takes_gzip
        entry.status = 200
        answer = await watch_answer(wire, stream, fault, resource, compressed=compressed)
        entry.status = answer.status
        return answer
