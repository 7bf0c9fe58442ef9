"""Scenarios: a cluster, what happens to it, and what must be said of it at each moment.

They are files in the folder `scenarios`, in the notation of `notation`. Loading one gives complete
Kubernetes objects. It never plays anything.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import msgspec
import yaml

from exporter.sim.encoding import Object
from exporter.sim.generated import generate_cluster
from exporter.sim.timeline import Difference, Key, Timeline

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOLDER = resources.files("exporter.sim") / "scenarios"


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What `explain` must say of a Service (`namespace/name`); what is unset isn't compared."""

    service: str
    reason: str | msgspec.UnsetType | None = msgspec.UNSET
    detail: str | msgspec.UnsetType | None = msgspec.UNSET
    ready: int | msgspec.UnsetType = msgspec.UNSET
    not_ready: int | msgspec.UnsetType = msgspec.UNSET


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be said at one moment.

    `samples` are series that exist with exactly these labels and this value; `absent` have no
    series of the family whose labels include these; of `absent_or_zero` none is above 0.
    `without_pods` gives the reason (or null) of Services for whoever can't read Pods. `judged`
    gives the standing of Services and then the findings on each: `degraded HalfUnready`.
    """

    samples: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    absent_or_zero: tuple[str, ...] = ()
    explain: tuple[Explained, ...] = ()
    without_pods: dict[str, str | None] = {}
    judged: dict[str, str] = {}


class _Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step as it is written: a merge patch of the declaration, `at` seconds from the start."""

    at: float
    say: str = ""
    change: dict[str, Any] = {}
    expect: Expect | None = None


class Generated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A large cluster by its numbers: Services, and ready addresses of each."""

    services: int
    addresses: int


class _Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scenario file. `before` has steps that lie behind when the scenario starts (`at` < 0)."""

    title: str
    expect: Expect
    start: dict[str, Any] = {}
    generate: Generated | None = None
    about: str = ""
    groups: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    before: tuple[_Change, ...] = ()
    steps: tuple[_Change, ...] = ()
    demo: bool = True


class Step(msgspec.Struct, frozen=True):
    """One step of a loaded scenario: objects to delete, then objects to apply, in order."""

    at: float
    say: str
    apply: tuple[Object, ...]
    delete: tuple[Key, ...]
    expect: Expect | None


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded scenario.

    `groups` are the metric groups its expectations speak of, besides the core; `args` further
    arguments of the exporter; `denied` the plurals that can't be read. `now` is the Unix time of
    its start, `objects` the cluster at that moment. `demo` is False where it's of no use in a
    lively mix (too large, or only a fault).
    """

    name: str
    title: str
    about: str
    groups: tuple[str, ...]
    args: tuple[str, ...]
    denied: tuple[str, ...]
    demo: bool
    now: float
    objects: tuple[Object, ...]
    expect: Expect
    steps: tuple[Step, ...]

    @property
    def generated(self) -> bool:
        """True when its cluster comes from numbers and has no steps."""
        return _read(self.name).generate is not None

    def timeline(self, now: float, *, first_pod: int = 0) -> Timeline:
        """Return a fresh timeline at the start of the scenario, for playing it.

        `first_pod` shifts the addresses of its Pods, so that several scenarios don't share them.
        """
        return _begin(_read(self.name), now, first_pod)

    @property
    def changes(self) -> tuple[tuple[float, str, dict[str, Any]], ...]:
        """The steps as (at, what happens, change of the declaration)."""
        return tuple((step.at, step.say, step.change) for step in _read(self.name).steps)

    def rewind(self, timeline: Timeline, at: float) -> list[Difference]:
        """Bring a timeline back to the start, `at` seconds after its epoch; return what changes.

        What lies behind at the start (`before`) is gone through once more.
        """
        text = _read(self.name)
        out = [timeline.become(text.start, at)]
        return out + [timeline.change(step.change, at) for step in text.before]


def list_scenarios() -> list[str]:
    """Return the names of all scenarios, sorted."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


@functools.cache
def _read(name: str) -> _Text:
    path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise KeyError(f"no scenario {name!r}; there are: {', '.join(list_scenarios())}")
    try:
        # the loader in C, where there is one: thirty files are read when the demo starts
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe one
        return msgspec.convert(raw, _Text)
    except msgspec.ValidationError as e:
        raise ValueError(f"scenario {name}: {e}") from e


def _begin(text: _Text, now: float, first_pod: int = 0) -> Timeline:
    timeline = Timeline(text.start, now, first_pod=first_pod)
    for step in text.before:
        timeline.change(step.change, step.at)
    return timeline


def load_scenario(name: str, now: float, *, first_pod: int = 0) -> Scenario:
    """Load one scenario as if it started at `now` (Unix seconds).

    `first_pod` shifts the addresses of its Pods, so that several scenarios don't share them.

    KeyError: there is no such scenario; ValueError: its file is wrong.
    """
    text = _read(name)
    timeline = _begin(text, now, first_pod)
    objects = tuple(timeline.objects)
    if text.generate is not None:
        made = generate_cluster(
            services=text.generate.services, addresses=text.generate.addresses, now=now
        )
        objects += tuple(made)
    steps = []
    for step in text.steps:
        difference = timeline.change(step.change, step.at)
        steps.append(Step(step.at, step.say, difference.apply, difference.delete, step.expect))
    return Scenario(
        name=name,
        title=text.title,
        about=text.about,
        groups=text.groups,
        args=text.args,
        denied=text.denied,
        demo=text.demo,
        now=now,
        objects=objects,
        expect=text.expect,
        steps=tuple(steps),
    )
