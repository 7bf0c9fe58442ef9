"""A Prometheus beside hostile clients: it should not miss one scrape.

Starts a simulated cluster and the exporter with a password, then scrapes every second over one
connection that is kept, as Prometheus does, while others on the same address hold connections,
ask without a password, guess passwords, trickle headers, take nothing of what they asked for, or
vanish. Loopback only. Run it as `python -m bench.hostile --seconds 600`; the exit status is 1
when a scrape was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import msgspec

from bench.crowd import HOST, Place, bother

PASSWORD = "a password for the bench"  # noqa: S105 - it guards a simulated cluster
SCENARIOS = ("web-shop", "many-addresses")


class Scrapes(msgspec.Struct):
    """What the scraper saw. `missed` says why of each."""

    seconds: list[float] = msgspec.field(default_factory=list)
    missed: list[str] = msgspec.field(default_factory=list)
    again: int = 0


# ── the scraper ──────────────────────────────────────────────────────────────────────────────


async def scrape_every_second(place: Place, seconds: float, patience: float) -> Scrapes:
    """Scrape until so many seconds are over; each has so much patience."""
    found = Scrapes()
    kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    begun = time.monotonic()
    for number in itertools.count():
        due = begun + number
        if due >= begun + seconds:
            break
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        start = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                kept = await _scrape(place, kept, found)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            found.missed.append(f"{type(error).__name__} {error}".strip())
            kept = None
        else:
            found.seconds.append(time.monotonic() - start)
    if kept is not None:
        kept[1].close()
    return found


async def _scrape(
    place: Place,
    kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None,
    found: Scrapes,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(2):
        reader, writer = kept if kept is not None else await place.open()
        writer.write(place.head("/metrics", "Accept-Encoding: gzip"))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            if kept is None:
                raise
            # A kept connection that was closed meanwhile: as Go's client does, once more.
            kept = None
            found.again += 1
            continue
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(head.split(b"\r\n")[0].decode())
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
        return reader, writer
    message = "closed twice"
    raise ConnectionError(message)


# ── the exporter ─────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def exporting(folder: Path, scenarios: tuple[str, ...]) -> AsyncIterator[Place]:
    """The exporter as a process, with a password, before a simulated cluster."""
    from exporter.cli.kubeconfigs import kubeconfig_for  # noqa: PLC0415 - only a run needs it
    from exporter.sim.simulation import Plan, simulate  # noqa: PLC0415 - as above

    digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
    web = folder / "web.yaml"
    web.write_text(f"basic_auth_users: {{prometheus: {digest}}}\n", encoding="utf-8")
    async with simulate(Plan(scenarios=scenarios, speed=0.1)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "exporter", "run", "--kubeconfig", kubeconfig, "--log.format", "json"),
                *("--web.listen-address", f"{HOST}:0", "--web.config.file", str(web)),
                stderr=asyncio.subprocess.PIPE,
            )
            assert process.stderr is not None  # noqa: S101 - it was asked for
            lines: list[str] = []
            try:
                while '"listening"' not in "".join(lines):
                    lines.append((await process.stderr.readline()).decode())
                    if not lines[-1]:
                        raise SystemExit("".join(lines) or "the exporter did not start")
                port = int(json.loads(lines[-1])["urls"][0].rpartition(":")[2])
                reading = asyncio.create_task(_read_on(process.stderr, lines))
                word = base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()
                yield Place(port, f"Basic {word}")
                reading.cancel()
            finally:
                begun = time.monotonic()
                process.terminate()
                await process.wait()
                print(f"ended {time.monotonic() - begun:.1f} s after SIGTERM")
                print(f"log lines: {len(lines)}, of warnings {_count(lines, 'warning')}")


async def _read_on(stream: asyncio.StreamReader, lines: list[str]) -> None:
    while line := await stream.readline():
        lines.append(line.decode())


def _count(lines: list[str], level: str) -> int:
    return sum(f'"level":"{level}"' in line for line in lines)


async def measure(
    seconds: float, patience: float, scenarios: tuple[str, ...] = SCENARIOS
) -> tuple[Scrapes, dict[str, dict[str, int]]]:
    """Scrapes, and what the others got.

    These run in a process of their own: their work is not to be taken for the exporter's.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with exporting(Path(folder), scenarios) as place:
            scraping = asyncio.create_task(scrape_every_second(place, seconds, patience))
            await asyncio.sleep(min(3.0, seconds / 4))
            crowd = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.hostile", "--bother", str(place.port)),
                place.authorization,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                found = await scraping
            finally:
                crowd.terminate()
                out, _ = await crowd.communicate()
    return found, json.loads(out)


async def _bother_until_stopped(place: Place) -> dict[str, Counter[str]]:
    told: dict[str, Counter[str]] = {}
    bothering = asyncio.create_task(bother(place, told))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, bothering.cancel)
    await asyncio.gather(bothering, return_exceptions=True)
    return told


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description="A Prometheus beside hostile clients.")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long [600]")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds for a scrape [10]")
    parser.add_argument("--bother", nargs=2, metavar=("PORT", "AUTHORIZATION"))
    args = parser.parse_args()
    if args.bother:
        place = Place(int(args.bother[0]), args.bother[1])
        print(json.dumps(asyncio.run(_bother_until_stopped(place))))
        return 0
    found, told = asyncio.run(measure(args.seconds, args.patience))
    for name, answers in told.items():
        print(f"{name:22} {answers}")
    if found.seconds:
        ordered = sorted(found.seconds)
        print(
            f"scrapes {len(ordered)}, missed {len(found.missed)}, on a new connection "
            f"{found.again}; median {statistics.median(ordered) * 1000:.0f} ms, longest "
            f"{ordered[-1] * 1000:.0f} ms"
        )
    for why in found.missed[:10]:
        print(f"missed: {why}")
    return 1 if found.missed or not found.seconds else 0


if __name__ == "__main__":
    sys.exit(main())
