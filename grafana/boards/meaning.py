"""What colours, words and codes mean, the same on every board."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import (
    Threshold,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

READY = "green"
DEGRADED = "orange"
EMPTY = "red"
TERMINATING = "purple"
UNKNOWN = "#808080"
#: A number that is neither good nor bad.
PLAIN = "blue"

NO_DATA = "No data"
#: In a cell of a table, where other cells of the row have a value.
NO_VALUE = "–"

#: The state of a Service as a code, for state timelines and coloured cells: the lower the worse.
STATES: tuple[tuple[int, str, str], ...] = (
    (0, "Empty", EMPTY),
    (1, "Terminating only", TERMINATING),
    (2, "Degraded", DEGRADED),
    (3, "Ready", READY),
    (4, "Empty on purpose", PLAIN),
    (5, "Not judged", UNKNOWN),
)

STATE_TEXT = (
    "Empty: nothing takes traffic. Terminating only: traffic still goes to endpoints that are "
    "being deleted. Degraded: fewer ready than min-ready, or fewer than half. Empty on purpose: "
    "scaled to zero, without a selector, or being deleted. Not judged: annotated with ignore."
)


def map_values(*words: tuple[int, str, str]) -> list[ValueMapping]:
    """A mapping of whole numbers to a word and a colour."""
    return [
        ValueMap(
            {
                str(value): ValueMappingResult(text=text, color=color, index=index)
                for index, (value, text, color) in enumerate(words)
            }
        )
    ]


def state_steps() -> list[Threshold]:
    """Thresholds with the same colours as the words of STATES."""
    return [
        Threshold(value=None if value == 0 else float(value), color=color)
        for value, _, color in STATES
    ]


def steps(base: str, *further: tuple[float, str]) -> list[Threshold]:
    """Thresholds: a colour from the start, and others from a value on."""
    return [
        Threshold(value=None, color=base),
        *(Threshold(value=value, color=color) for value, color in further),
    ]
