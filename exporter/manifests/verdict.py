"""All that was found in manifests, as one value, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.manifests.remarks import Level, Remark


class Subject(msgspec.Struct, frozen=True):
    """An object that was judged: `kind` and `name` (`shop/web`), and where it stands."""

    kind: str
    name: str
    file: str
    line: int

    @property
    def text(self) -> str:
        """`Service shop/web`."""
        return f"{self.kind} {self.name}"


class Verdict(msgspec.Struct, frozen=True):
    """What `check --manifests -o json` prints. `ok` is null when it can't be told.

    `exit` is the status; `services` is how many Services were judged; `remarks` are the worst
    first. `missing` says what there was nothing of to check.
    """

    ok: bool | None
    exit: int
    services: int
    remarks: tuple[Remark, ...]
    missing: tuple[str, ...]
    judged: tuple[Subject, ...] = ()

    def count(self, level: Level) -> int:
        """How many remarks there are of a level."""
        return sum(one.level is level for one in self.remarks)


def decide(
    remarks: Iterable[Remark],
    judged: Iterable[Subject],
    missing: Iterable[str],
    *,
    blind: bool,
    strict: bool,
) -> Verdict:
    """The verdict: what is known to be wrong outweighs what can't be told.

    `blind`: not all that was given could be read. Notes count to the strict alone.
    """
    found = tuple(sorted(set(remarks), key=lambda one: (one.order, one.subject, one.message)))
    subjects, absent = tuple(judged), tuple(missing)
    bad = {Level.ERROR, Level.WARNING, *([Level.NOTE] if strict else ())}
    ok: bool | None
    if any(one.level in bad for one in found):
        status, ok = 1, False
    elif blind or absent:
        status, ok = 2, None
    else:
        status, ok = 0, True
    services = sum(one.kind == "Service" for one in subjects)
    return Verdict(ok, status, services, found, absent, subjects)
