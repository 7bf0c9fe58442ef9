"""`python -m bench.routes`: what routes cost: CPU of the first sync and of a Service's change.

No API server: objects go as bytes through decoding, the state, a commit and one scrape, in this
process. Prints a table. It judges nothing: a slow machine is not a failed test.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.engine.state import Choices, State
from exporter.exposition import Format
from exporter.model import Replace, Upsert
from exporter.objects.codec import Retained, decode_object
from exporter.objects.meta import Rejected
from exporter.objects.resources import RESOURCES

NOW = 2_000_000_000.0
CREATED = "2020-01-01T00:00:00Z"
NAMESPACES = 50
READ = ("services", "endpointslices", "ingresses", "httproutes", "referencegrants")
ENCODE = msgspec.json.encode


class Size(NamedTuple):
    """How much there is; `broken` is the part of the backends that names nothing."""

    services: int
    addresses: int
    routes: int
    backends: int
    broken: float


class Cost(NamedTuple):
    """Seconds of CPU: decoding, the first batch and its scrape; of events the median.

    `steady`: a Service has an address more or less; `turning`: it turns dead or alive, and what
    refers to it with it.
    """

    decode: float
    first: float
    scrape: float
    steady: float
    turning: float


def parse_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The sizes of the run."""
    parser = argparse.ArgumentParser(prog="python -m bench.routes", description=__doc__)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=3, help="per Service")
    parser.add_argument("--routes", type=int, default=10_000)
    parser.add_argument("--backends", type=int, default=3, help="per route")
    parser.add_argument("--broken", type=float, default=0.01, help="part of the backends, 0 to 1")
    parser.add_argument("--events", type=int, default=2_000)
    return parser.parse_args(words)


def place(number: int) -> tuple[str, str]:
    """Namespace and name of the Service of a number."""
    return f"n{number % NAMESPACES}", f"s{number}"


def make_meta(name: str, namespace: str, version: int, **more: object) -> dict[str, object]:
    """Metadata as the API server sends it."""
    return {
        "name": name,
        "namespace": namespace,
        "resourceVersion": str(version),
        "creationTimestamp": CREATED,
        **more,
    }


def make_service(number: int) -> bytes:
    """A Service."""
    namespace, name = place(number)
    spec = {
        "clusterIP": "10.0.0.1",
        "ipFamilies": ["IPv4"],
        "selector": {"app": name},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
    }
    meta = make_meta(name, namespace, 1, labels={"app": name})
    return ENCODE({"metadata": meta, "spec": spec})


def make_slice(number: int, addresses: int, version: int, *, ready: bool = True) -> bytes:
    """Its slice; `ready` says whether any of its endpoints is."""
    namespace, name = place(number)
    conditions = {"ready": ready, "serving": ready, "terminating": False}
    endpoints = [
        {"addresses": [f"10.{one}.{number // 250 % 250}.{number % 250}"], "conditions": conditions}
        for one in range(addresses)
    ]
    meta = make_meta(f"{name}-a", namespace, version, labels={"kubernetes.io/service-name": name})
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    return ENCODE({"metadata": meta, "addressType": "IPv4", "endpoints": endpoints, "ports": ports})


def make_routes(size: Size) -> Iterator[tuple[str, bytes]]:
    """Half of them Ingresses, half HTTPRoutes; each names Services of its own namespace."""
    chance = random.Random(1)  # the same run each time
    per = max(size.services // NAMESPACES, 1)
    for number in range(size.routes):
        home = number % NAMESPACES
        names = [
            "gone" if chance.random() < size.broken else f"s{home + NAMESPACES * one}"
            for one in (chance.randrange(per) for _ in range(size.backends))
        ]
        host = f"h{number}.example.com"
        meta = make_meta(f"r{number}", f"n{home}", 1)
        if number % 2:
            refs = [{"name": name, "port": 80} for name in names]
            spec: dict[str, Any] = {"hostnames": [host], "rules": [{"backendRefs": refs}]}
            yield "httproutes", ENCODE({"metadata": meta, "spec": spec})
            continue
        paths = [
            {
                "path": f"/{at}",
                "pathType": "Prefix",
                "backend": {"service": {"name": name, "port": {"number": 80}}},
            }
            for at, name in enumerate(names)
        ]
        yield (
            "ingresses",
            ENCODE(
                {"metadata": meta, "spec": {"rules": [{"host": host, "http": {"paths": paths}}]}}
            ),
        )


def make_objects(size: Size, *, routes: bool) -> dict[str, list[bytes]]:
    """All objects by resource, as bytes."""
    made: dict[str, list[bytes]] = {resource: [] for resource in READ}
    for number in range(size.services):
        made["services"].append(make_service(number))
        made["endpointslices"].append(make_slice(number, size.addresses, 1))
    if routes:
        for resource, raw in make_routes(size):
            made[resource].append(raw)
    return made


def decode(resource: str, raw: bytes) -> Retained:
    """The retained object."""
    found = decode_object(RESOURCES[resource], raw)
    if isinstance(found, Rejected):
        raise TypeError(f"{resource}: {found}")
    return found


def measure(size: Size, events: int, *, routes: bool) -> Cost:
    """The costs with routes or without them; an event turns a Service dead or alive."""
    made = make_objects(size, routes=routes)
    groups = {*DEFAULT_GROUPS, *([Group.ROUTES] if routes else [])}
    state = State(Choices(groups=frozenset(group.value for group in groups)))
    gc.collect()
    gc.disable()  # as the exporter does until it has seen everything
    began = time.process_time()
    objects = {name: tuple(decode(name, raw) for raw in many) for name, many in made.items()}
    decoded = time.process_time()
    for name, many in objects.items():
        if routes or name in ("services", "endpointslices"):
            state.deliver(Replace(name, "", many))
    state.settle(NOW)
    settled = time.process_time()
    sum(map(len, state.exposition.scrape(Format.TEXT_0_0_4).pieces()))
    scraped = time.process_time()
    made.clear()
    objects.clear()
    gc.enable()
    gc.freeze()
    steady = measure_events(state, size, events, turning=False)
    turning = measure_events(state, size, events, turning=True)
    return Cost(decoded - began, settled - decoded, scraped - settled, steady, turning)


def measure_events(state: State, size: Size, events: int, *, turning: bool) -> float:
    """The median CPU of an event, from its bytes to the commit."""
    chance = random.Random(2)  # the same run each time
    spent = []
    changed: set[int] = set()
    for version in range(2, events + 2):
        number = chance.randrange(size.services)
        changed ^= {number}
        odd = number in changed
        addresses = size.addresses + (odd and not turning)
        # Versions differ between the two runs, so that no event is one that is known already.
        told = version + (events if turning else 0)
        raw = make_slice(number, addresses, told, ready=not (odd and turning))
        start = time.process_time()
        state.deliver(Upsert("endpointslices", decode("endpointslices", raw)))
        state.settle(NOW + version)
        spent.append(time.process_time() - start)
    return statistics.median(spent) if spent else 0.0


def tell(size: Size, plain: Cost, routed: Cost) -> Iterator[str]:
    """The table."""
    yield (
        f"{size.services} Services × {size.addresses} addresses; "
        f"{size.routes} routes × {size.backends} backends, {size.broken:.0%} broken; ms of CPU"
    )
    yield f"{'':24}{'without':>12}{'with routes':>12}{'more':>10}"
    rows = [
        ("decoding", plain.decode, routed.decode),
        ("first batch", plain.first, routed.first),
        ("first scrape", plain.scrape, routed.scrape),
        ("event, an address more", plain.steady, routed.steady),
        ("event, dead or alive", plain.turning, routed.turning),
    ]
    for name, without, within in rows:
        digits = 3 if name.startswith("event") else 0
        yield (
            f"{name:24}{without * 1000:12.{digits}f}{within * 1000:12.{digits}f}"
            f"{(within - without) * 1000:10.{digits}f}"
        )
    before, after = (one.decode + one.first + one.scrape for one in (plain, routed))
    yield f"first sync: {after / before - 1:+.0%}"


def main(words: Sequence[str] | None = None) -> int:
    """Measure without and with routes, and print."""
    options = parse_arguments(words)
    size = Size(
        options.services, options.addresses, options.routes, options.backends, options.broken
    )
    plain = measure(size, options.events, routes=False)
    routed = measure(size, options.events, routes=True)
    print("\n".join(tell(size, plain, routed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
