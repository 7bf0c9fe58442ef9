"""The machine under a run: what it is, and whether it was quiet. Figures of a busy one mislead."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

_TICK = os.sysconf("SC_CLK_TCK")
#: Shares of the whole machine above which it was not quiet: work of others, and time that a
#: hypervisor took away.
FOREIGN_BOUND = 0.05
STEAL_BOUND = 0.02
#: Load of the last minute before the run, per core, above which it was not quiet.
LOAD_BOUND = 0.25


def describe_machine() -> dict[str, Any]:
    """What the figures were measured on; `load` is that of the minute before."""
    models = [
        line.partition(":")[2].strip()
        for line in _read("/proc/cpuinfo").splitlines()
        if line.startswith("model name")
    ]
    memory = next(
        (
            int(line.split()[1])
            for line in _read("/proc/meminfo").splitlines()
            if "MemTotal" in line
        ),
        0,
    )
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": models[0] if models else platform.machine(),
        "memory_gib": round(memory / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "when": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


class Ticks(msgspec.Struct, frozen=True):
    """Seconds since the machine started, over all cores: of all work, taken away, and in all."""

    busy: float
    steal: float
    total: float


def _read_ticks() -> Ticks:
    fields = [int(field) / _TICK for field in _read("/proc/stat").splitlines()[0].split()[1:9]]
    user, nice, system, idle, waiting, interrupts, soft, steal = fields
    busy = user + nice + system + interrupts + soft
    return Ticks(busy, steal, busy + idle + waiting + steal)


def read_cpu(pid: int) -> float:
    """CPU seconds of a process with all its threads, by its own clock (clock_getcpuclockid(3)).

    OSError when there is none.
    """
    # The kernel's number for "the CPU time of that process": nanoseconds where /proc/PID/stat,
    # which tells the same, has hundredths of a second.
    return time.clock_gettime((~pid << 3) | 2)


class Watch:
    """What others did on the machine since it was made.

    Work of this process and of whatever it started is ours.
    """

    def __init__(self, load: float, cores: int, clock: Callable[[], Ticks] = _read_ticks) -> None:
        self._load = load / max(cores, 1)
        self._clock = clock
        self._before = clock()
        self._own = _read_family()

    def judge(self) -> dict[str, Any]:
        """Shares of the machine, 0 to 1, and a warning: "" when it was quiet."""
        now = self._clock()
        total = max(now.total - self._before.total, 1e-9)
        own = _read_family() - self._own
        foreign = max(0.0, now.busy - self._before.busy - own) / total
        steal = (now.steal - self._before.steal) / total
        reasons = list(_find_noise(self._load, foreign, steal))
        return {
            "foreign": round(foreign, 3),
            "steal": round(steal, 3),
            "load_per_core": round(self._load, 2),
            "warning": f"the machine was not quiet: {', '.join(reasons)}" if reasons else "",
        }


def _find_noise(load: float, foreign: float, steal: float) -> Iterable[str]:
    if load > LOAD_BOUND:
        yield f"a load of {load:.2f} per core before the run"
    if foreign > FOREIGN_BOUND:
        yield f"others took {foreign:.0%} of it"
    if steal > STEAL_BOUND:
        yield f"the hypervisor took {steal:.0%} of it"


def _read_family() -> float:
    """CPU seconds of this process and of all its descendants, those that have ended included."""
    times: dict[int, tuple[int, float]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        # pid (name) state parent … utime stime cutime cstime
        head, _, rest = _read(str(place)).rpartition(")")
        fields = rest.split()
        if head and len(fields) > 15:
            used = sum(int(field) for field in fields[11:15]) / _TICK
            times[int(head.split()[0])] = (int(fields[1]), used)
    own = {os.getpid()}
    while more := {pid for pid, (parent, _) in times.items() if parent in own} - own:
        own |= more
    return sum(times[pid][1] for pid in own if pid in times)
