"""Leadership over a Lease that is kept in memory: taken, renewed, lost, given back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from exporter.api import AbsentError, AnswerError, BrokenError
from exporter.engine import leader
from exporter.engine.leader import Leadership, Lease, Watchman

PATH = "/apis/coordination.k8s.io/v1/namespaces/monitoring/leases"


class Store:
    """An API server that knows one Lease, refuses old versions and can be cut off."""

    def __init__(self) -> None:
        self.found: dict[str, Any] | None = None
        self.version = 0
        self.broken = False

    async def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Answer as the API server would."""
        await asyncio.sleep(0)
        if self.broken:
            raise BrokenError("the connection broke")
        if method == "POST":
            assert path == PATH
            if self.found is not None:
                raise AnswerError("it exists", 409)
        else:
            assert path == f"{PATH}/exporter"
            if self.found is None:
                raise AbsentError("there is none", 404)
        if body is not None:
            given = json.loads(body)
            version = given["metadata"].get("resourceVersion", "0")
            if version != str(self.version):
                raise AnswerError("it has changed", 409)
            self.version += 1
            given["metadata"]["resourceVersion"] = str(self.version)
            self.found = given
        return json.dumps(self.found).encode()

    def drop_token(self) -> None:
        """Nothing here is refused for its token."""

    @property
    def spec(self) -> dict[str, Any]:
        """The lease's spec."""
        assert self.found is not None
        spec: dict[str, Any] = self.found["spec"]
        return spec


class Replica:
    """A leadership that runs, and what it was told."""

    def __init__(self, store: Store, name: str) -> None:
        self.heard: list[bool] = []
        self.leads = Leadership(store, "monitoring", "exporter", name, self.heard.append)
        self.task = asyncio.create_task(self.leads.run())

    @property
    def leading(self) -> bool:
        """What it heard last."""
        return bool(self.heard and self.heard[-1])

    async def stop(self) -> None:
        """Cancel it and wait for its end."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundredths of seconds for seconds."""
    monkeypatch.setattr(leader, "RETRY", 0.02)
    monkeypatch.setattr(leader, "DEADLINE", 0.3)


async def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for knows no events
            await asyncio.sleep(0.005)


def test_a_lease_is_taken_when_it_is_over_as_we_saw_it() -> None:
    """Ours and nobody's may be taken at once, another's after its duration without a renewal."""
    watchman = Watchman("me")
    assert watchman.may_take(Lease("", 15, "1"), 0)
    assert watchman.may_take(Lease("me", 15, "1"), 0)

    other = Lease("other", 15, "2")
    assert not watchman.may_take(other, 100)
    assert not watchman.may_take(other, 115)
    assert watchman.may_take(other, 115.1)
    assert not watchman.may_take(Lease("other", 15, "3"), 116)
    assert not watchman.may_take(Lease("other", 15, "3"), 130)
    assert watchman.may_take(Lease("other", 15, "3"), 132)


async def test_the_first_makes_the_lease_and_the_second_waits() -> None:
    """Of two replicas exactly one leads; stopped, it gives the lease back and the other leads."""
    store = Store()
    one = Replica(store, "one")
    await wait_for(lambda: one.leading)
    two = Replica(store, "two")
    version = store.version
    await wait_for(lambda: store.version > version + 3)  # renewed several times meanwhile
    assert two.heard == []
    assert store.spec["holderIdentity"] == "one"
    assert store.spec["leaseDurationSeconds"] == 15

    await one.stop()
    assert one.heard == [True, False]
    await wait_for(lambda: two.leading)
    assert store.spec["holderIdentity"] == "two"
    assert store.spec["leaseTransitions"] == 1
    await two.stop()
    assert store.spec["holderIdentity"] == ""


async def test_a_lease_that_was_made_empty_is_adopted() -> None:
    """A Lease without a spec is nobody's, and keeps the labels of whoever made it."""
    store = Store()
    made = {"name": "exporter", "resourceVersion": "0", "labels": {"owner": "release"}}
    store.found = {"metadata": made}
    replica = Replica(store, "first")
    await wait_for(lambda: replica.leading)

    assert store.spec["holderIdentity"] == "first"
    assert store.spec["leaseTransitions"] == 0
    assert store.found["metadata"]["labels"] == {"owner": "release"}
    await replica.stop()


async def test_a_leader_that_can_not_renew_falls_silent() -> None:
    """Cut off from the API server it stops leading by itself, and leads again when it can."""
    store = Store()
    one = Replica(store, "one")
    await wait_for(lambda: one.leading)
    store.broken = True
    await wait_for(lambda: not one.leading)
    store.broken = False
    await wait_for(lambda: one.leading)
    assert one.heard == [True, False, True]
    await one.stop()


async def test_a_lease_that_another_took_is_lost() -> None:
    """Where somebody else is written down as its holder, the leader gives way at once."""
    store = Store()
    one = Replica(store, "one")
    await wait_for(lambda: one.leading)
    assert store.found is not None
    store.version += 1
    spec = {**store.spec, "holderIdentity": "other"}
    metadata = {**store.found["metadata"], "resourceVersion": str(store.version)}
    store.found = {**store.found, "metadata": metadata, "spec": spec}

    await wait_for(lambda: not one.leading)
    await one.stop()
    assert store.spec["holderIdentity"] == "other"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"metadata": 1}', b"\xff"])
async def test_an_answer_that_is_no_lease_is_no_leadership(body: bytes) -> None:
    """Whatever comes back, the task goes on and does not lead."""

    class Odd(Store):
        asked = 0

        async def send(self, *_asked: object) -> bytes:
            """Answer with something else."""
            self.asked += 1
            await asyncio.sleep(0)
            return body

    store = Odd()
    one = Replica(store, "one")
    await wait_for(lambda: store.asked > 3)
    assert one.heard == []
    assert not one.task.done()
    await one.stop()
