"""What a declaration of a setting says, and the words the declarations share.

It declares no setting itself.
"""

from __future__ import annotations

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.config.kinds import Choice, Kind, Pattern, Several

ENV_PREFIX = "ENDPOINTS_EXPORTER_"

#: The commands that read a cluster (or a dump), and those that serve or print the exposition.
READING = frozenset({"run", "scrape", "get", "explain", "check", "whatif", "wait"})
FOLLOWING = frozenset({"run", "get", "wait", "demo"})
EXPOSING = frozenset({"run", "scrape", "demo"})
SERVING = frozenset({"run", "demo"})
RUNNING = frozenset({"run"})
JUDGING = READING | {"demo"}
ALL = READING | {"demo", "simulate", "metrics"}

_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
NAMESPACES = Several(
    Pattern(_LABEL, "is not the name of a namespace", "names of namespaces", "NAMESPACE")
)
ALLOWED_KEYS = Several(
    Pattern(
        r"[-A-Za-z0-9_./*]{1,317}",
        "is not the name of a label or annotation",
        "names of labels or annotations, * is a wildcard",
        "NAME",
    )
)
TOGGLE = Choice({"auto": True, "off": False})


class Setting(msgspec.Struct, frozen=True):
    """How one setting is called, what it takes, what it is for.

    `name` is the flag without its dashes and the key of the file. `why` is one or two sentences.
    `none` says what happens when it is not given, where no default value can say that.
    """

    name: str
    section: str
    kind: Kind
    why: str
    commands: frozenset[str]
    none: str = ""

    @property
    def flag(self) -> str:
        """`--web.listen-address`."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """`ENDPOINTS_EXPORTER_WEB_LISTEN_ADDRESS`."""
        return ENV_PREFIX + self.name.upper().replace("-", "_").replace(".", "_")

    @property
    def field(self) -> str:
        """The field of Settings: `web_listen_address`."""
        return self.name.replace("-", "_").replace(".", "_")


def choose_groups(*, switchable: bool) -> Several:
    """A list of groups; of those that can be switched off, or of all."""
    return Several(
        Choice(
            {each.value: each for each in Group if not (switchable and each is Group.CORE)},
            noun="GROUP",
        )
    )


#: The groups that are on unless switched off, as a sentence names them.
DEFAULT_GROUP_NAMES = ", ".join(group.value for group in Group if group in DEFAULT_GROUPS)
