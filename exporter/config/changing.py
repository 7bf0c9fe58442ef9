"""Which settings may change while the program runs, and what a change of the others is told as."""

from __future__ import annotations

import msgspec

from exporter.catalogue import Group
from exporter.config.declaration import Setting
from exporter.config.settings import SETTINGS, Settings

#: Whom changes are told: nothing has to be read anew for another.
TELLING = "What is told"
#: All that decides what is read, judged and exported: it can be made anew beside what runs.
_SECTIONS = frozenset({"What is read", "What is judged", "What is exported", TELLING})
#: A lease is held, or it is not: to begin with another while this one is held would be two.
_FIXED = frozenset({"leader_lease"})


def may_change(setting: Setting) -> bool:
    """Whether a change of it in the file holds without a restart."""
    return setting.section in _SECTIONS and setting.field not in _FIXED


def change(before: Settings, after: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings that hold from now on, and the names of those that need a restart."""
    differing = [
        setting
        for setting in SETTINGS
        if getattr(before, setting.field) != getattr(after, setting.field)
    ]
    values = {each.field: getattr(after, each.field) for each in differing if may_change(each)}
    fixed = [each.name for each in differing if not may_change(each)]
    changed: Settings = msgspec.structs.replace(before, **values)
    if (Group.CHANGES in before.enabled_groups()) != (Group.CHANGES in changed.enabled_groups()):
        # The exporter's own families of this group are made once, at the start.
        values.pop("groups", None)
        values.pop("no_groups", None)
        fixed.append("groups")
        changed = msgspec.structs.replace(before, **values)
    return changed, tuple(fixed)


def is_read_alike(before: Settings, after: Settings) -> bool:
    """Whether nothing differs but whom changes are told."""
    return all(
        setting.section == TELLING
        for setting in SETTINGS
        if getattr(before, setting.field) != getattr(after, setting.field)
    )
