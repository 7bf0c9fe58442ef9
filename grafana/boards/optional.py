"""What panels say that need more than the default groups or our rules."""

from __future__ import annotations


def needs(group: str) -> str:
    """The sentence for a panel whose metrics are in a group that is off by default."""
    return f" Needs the group {group} (--groups={group}); without it: No data."


RULES = " Needs the recording rules in alerts/; without them: No data."
OBJECTIVES = (
    " Only Services with the annotation endpoints-exporter.io/slo, exported by "
    "--annotations-allowlist=endpoints-exporter.io/slo. Needs the rules in alerts/; without: "
    "No data."
)
