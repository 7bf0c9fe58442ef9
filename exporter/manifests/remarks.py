"""What is said of manifests: one remark each, with the line that it is about."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from exporter.manifests.places import Fault, Manifest


class Level(StrEnum):
    """How much a remark weighs, worst first. Unknown: nobody can tell before it is applied."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    UNKNOWN = "unknown"


LEVELS = tuple(Level)


class Rule(StrEnum):
    """What only manifests can have wrong; all else goes by the codes of reasons and findings."""

    UNREADABLE = "Unreadable"
    UNKNOWN_REFERENCE = "UnknownReference"
    REFUSED = "RefusedByServer"
    DEFINED_TWICE = "DefinedTwice"
    SELECTOR_NOT_OF_TEMPLATE = "SelectorNotOfTemplate"
    PORT_MISSING_IN_SOME = "NamedPortMissingInSome"
    PROBE_PORT_MISSING = "ProbePortMissing"
    MIN_READY_ABOVE_LEAST = "MinReadyAboveLeast"
    SAME_SELECTOR = "SameSelector"
    FAMILIES_INVALID = "FamiliesInvalid"
    GOVERNING_SERVICE = "GoverningService"
    BUDGET_SELECTS_NOTHING = "BudgetSelectsNothing"
    BUDGET_NEVER_MET = "BudgetNeverMet"
    BUDGET_NEVER_ALLOWS = "BudgetNeverAllows"
    BUDGET_MAY_BLOCK = "BudgetMayBlock"
    BUDGET_INVALID = "BudgetInvalid"


class Remark(msgspec.Struct, frozen=True):
    """One remark. `rule` is a Rule, or the code of a reason, a finding or a reference's result.

    `source` is the Helm template that the object came from, "" where nothing says so. Texts are as
    manifests have them: whoever shows them escapes them.
    """

    level: Level
    rule: str
    file: str
    line: int
    subject: str
    message: str
    fix: str = ""
    source: str = ""

    @property
    def order(self) -> tuple[int, str, int, str]:
        """The worst first, then by place."""
        return (LEVELS.index(self.level), self.file, self.line, self.rule)


def make_remark(
    level: Level,
    rule: str,
    about: Manifest,
    message: str,
    fix: str = "",
    *,
    at: tuple[str | int, ...] = (),
) -> Remark:
    """A remark on an object; `at` is the part of it that it is about."""
    return Remark(
        level, rule, about.file, about.line_of(*at), about.subject, message, fix, about.source
    )


def tell_fault(fault: Fault) -> Remark:
    """A fault as a remark: nothing can be known of what was not read."""
    return Remark(Level.UNKNOWN, Rule.UNREADABLE, fault.file, fault.line, fault.subject, fault.why)


#: Rules in words, for formats that list them.
SUMMARIES: dict[str, str] = {
    Rule.UNREADABLE: "What it makes can't be known.",
    Rule.UNKNOWN_REFERENCE: "Whether a reference leads anywhere can't be known.",
    Rule.REFUSED: "The API server would refuse the object.",
    Rule.DEFINED_TWICE: "An object is there twice; the last one holds.",
    Rule.SELECTOR_NOT_OF_TEMPLATE: "A workload's selector does not match its own Pods.",
    Rule.PORT_MISSING_IN_SOME: "A named port is missing in some of the Pods behind a Service.",
    Rule.PROBE_PORT_MISSING: "A probe asks a port by a name that its container does not declare.",
    Rule.MIN_READY_ABOVE_LEAST: "An autoscaler may leave fewer Pods than min-ready asks for.",
    Rule.SAME_SELECTOR: "Two Services have one selector and one port.",
    Rule.FAMILIES_INVALID: "IP families that the API server refuses.",
    Rule.GOVERNING_SERVICE: "The headless Service of a StatefulSet is missing or another kind.",
    Rule.BUDGET_SELECTS_NOTHING: "A PodDisruptionBudget selects no Pod.",
    Rule.BUDGET_NEVER_MET: "A PodDisruptionBudget asks for more Pods than there will be.",
    Rule.BUDGET_NEVER_ALLOWS: "A PodDisruptionBudget never allows a disruption.",
    Rule.BUDGET_MAY_BLOCK: "A PodDisruptionBudget allows none at the autoscaler's least.",
    Rule.BUDGET_INVALID: "A PodDisruptionBudget that the API server refuses.",
}
