"""One leader among several: who holds a Lease of the cluster speaks, the others keep silent.

The rules are those of client-go's leader election. Clocks of two machines are never compared: a
lease is over when it was not renewed for its duration as we saw it. It decides nothing about what
a leader does.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import structlog

from exporter.api import AbsentError, ApiError, UnauthorizedError, UnreadableError

#: Seconds after which others may take a lease that was not renewed.
DURATION = 15.0

#: Seconds without a renewal after which the leader falls silent: before others may speak.
DEADLINE = 10.0

#: Seconds between two looks at the lease.
RETRY = 2.0

_API = "/apis/coordination.k8s.io/v1/namespaces"
_log = structlog.get_logger(__name__)


class Sender(Protocol):
    """What is needed of the API client."""

    async def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Ask, return the body of the answer; raises ApiError."""

    def drop_token(self) -> None:
        """The token was refused."""


class Lease(msgspec.Struct, frozen=True):
    """Who holds it ("" for nobody), for how many seconds, and which version of it this is."""

    holder: str
    seconds: float
    version: str


class Watchman:
    """Tells when the lease may be taken. It reads no clock: `now` is any that never goes back."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._version: str | None = None
        self._since = 0.0

    def may_take(self, lease: Lease, now: float) -> bool:
        """Whether the lease is ours, nobody's, or was not renewed for its whole duration."""
        if lease.holder in ("", self._identity):
            return True
        if lease.version != self._version:
            self._version, self._since = lease.version, now
            return False
        return now - self._since > lease.seconds


class Leadership:
    """Goes for a lease until cancelled; `changed` hears True and False as it is won and lost.

    `identity` has to be another in every process.
    """

    def __init__(
        self,
        client: Sender,
        namespace: str,
        name: str,
        identity: str,
        changed: Callable[[bool], None],
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._changed = changed
        self._watchman = Watchman(identity)
        self._leading = False
        self._renewed = 0.0
        self._trouble = ""

    async def run(self) -> None:
        """Goes on until cancelled; then the lease is given back, so that others need not wait."""
        try:
            while True:
                await self._try()
                await asyncio.sleep(RETRY * random.uniform(0.9, 1.1))
        finally:
            if self._leading:
                self._set(leading=False)
                await asyncio.shield(self._give_back())

    async def _try(self) -> None:
        begun = time.monotonic()
        # A leader must know in time that it is one no longer, even if the server never answers.
        left = self._renewed + DEADLINE - begun if self._leading else DEADLINE
        try:
            async with asyncio.timeout(max(min(left, DEADLINE / 2), 0.1)):
                won = await self._take(begun)
        except (ApiError, TimeoutError) as error:
            if isinstance(error, UnauthorizedError):
                self._client.drop_token()
            self._tell(str(error) or "the API server does not answer")
            if self._leading and time.monotonic() + RETRY >= self._renewed + DEADLINE:
                self._set(leading=False)
            return
        self._tell("")
        if won:
            self._renewed = begun
        self._set(leading=won)

    async def _take(self, now: float) -> bool:
        """Look at the lease and take or renew it if that may be; whether it is ours now."""
        try:
            found = await self._read()
        except AbsentError:
            await self._client.send("POST", self._path(), _encode(self._fresh(), self._holding({})))
            return True
        held = _spec_of(found)
        lease = Lease(
            str(held.get("holderIdentity") or ""),
            float(held.get("leaseDurationSeconds") or DURATION),
            str(found["metadata"].get("resourceVersion", "")),
        )
        if not self._watchman.may_take(lease, now):
            return False
        # The version makes it fail (409) where another was quicker.
        await self._client.send("PUT", self._path(self._name), _encode(found, self._holding(held)))
        return True

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(RETRY):
                found = await self._read()
                if _spec_of(found).get("holderIdentity") == self._identity:
                    empty = {**_spec_of(found), "holderIdentity": "", "leaseDurationSeconds": 1}
                    await self._client.send("PUT", self._path(self._name), _encode(found, empty))
        except (ApiError, TimeoutError):
            pass  # the others wait for its end

    async def _read(self) -> dict[str, Any]:
        body = await self._client.send("GET", self._path(self._name))
        try:
            found = msgspec.json.decode(body)
        except msgspec.DecodeError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
            raise UnreadableError("the lease is not what the API sends")
        return found

    def _holding(self, before: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        spec = {**before, "leaseDurationSeconds": int(DURATION), "renewTime": now}
        if before.get("holderIdentity") != self._identity:
            spec["holderIdentity"] = self._identity
            spec["acquireTime"] = now
            spec["leaseTransitions"] = int(before.get("leaseTransitions") or 0) + bool(before)
        return spec

    def _fresh(self) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self._namespace}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}

    def _path(self, name: str = "") -> str:
        base = f"{_API}/{self._namespace}/leases"
        return f"{base}/{name}" if name else base

    def _set(self, *, leading: bool) -> None:
        if leading != self._leading:
            self._leading = leading
            _log.info("leading" if leading else "not leading any more", identity=self._identity)
            self._changed(leading)

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble:
                _log.warning("the lease can't be had", error=trouble)


def _spec_of(found: dict[str, Any]) -> dict[str, Any]:
    spec = found.get("spec")
    return spec if isinstance(spec, dict) else {}


def _encode(found: dict[str, Any], spec: dict[str, Any]) -> bytes:
    return msgspec.json.encode({**found, "spec": spec})
