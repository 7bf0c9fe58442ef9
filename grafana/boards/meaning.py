"""What colours, words and codes mean, the same on every board."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from exporter.model import Reason

READY = "green"
DEGRADED = "orange"
EMPTY = "red"
TERMINATING = "purple"
UNKNOWN = "#808080"
#: Younger than the grace period: not judged yet.
NEW = "yellow"
#: A number that is neither good nor bad.
PLAIN = "blue"
#: Nodes and the scheduler, beside what is wrong with the containers themselves.
PLACES = "dark-red"

NO_DATA = "No data"
#: In a cell of a table, where other cells of the row have a value.
NO_VALUE = "–"

Word = tuple[int | str, str, str]

#: The standing of a Service: its number in k8s_service_endpoints_standing, the word, the colour.
STANDINGS: tuple[tuple[int, str, str], ...] = (
    (5, "Down", EMPTY),
    (4, "Unknown", UNKNOWN),
    (3, "Degraded", DEGRADED),
    (2, "New", NEW),
    (1, "Ready", READY),
    (0, "Intended", PLAIN),
)

STANDING_TEXT = (
    "Down: nothing takes traffic, and somebody wants it. Degraded: it works, with a fault. "
    "Unknown: what it needs can't be read. New: not ready, and younger than the grace period. "
    "Intended: empty on purpose."
)

#: An alert's state and severity as one number: firing before pending, critical first.
URGENCIES: tuple[tuple[int, str, str, str], ...] = (
    (6, "critical", "firing", EMPTY),
    (5, "warning", "firing", DEGRADED),
    (4, "info", "firing", PLAIN),
    (3, "critical", "pending", NEW),
    (2, "warning", "pending", NEW),
    (1, "info", "pending", UNKNOWN),
)

#: What reasons are about, and the colour whose shades they have.
REASONS: tuple[tuple[str, tuple[Reason, ...]], ...] = (
    (
        EMPTY,
        (
            Reason.CRASH_LOOP_BACK_OFF,
            Reason.IMAGE_PULL,
            Reason.CONTAINER_CONFIG_ERROR,
            Reason.CONTAINER_CREATING,
            Reason.INIT_NOT_COMPLETE,
        ),
    ),
    (
        DEGRADED,
        (
            Reason.READINESS_PROBE_FAILING,
            Reason.READINESS_GATE_NOT_READY,
            Reason.PODS_NOT_READY,
            Reason.ENDPOINTS_NOT_READY,
            Reason.SELECTORLESS_NOT_READY,
        ),
    ),
    (
        PLACES,
        (
            Reason.NODE_MISSING,
            Reason.NODE_NOT_READY,
            Reason.UNSCHEDULABLE,
            Reason.SCHEDULING_GATED,
            Reason.UNSCHEDULED,
        ),
    ),
    (
        TERMINATING,
        (Reason.ALL_PODS_TERMINATING, Reason.ALL_TERMINATING, Reason.ALL_PODS_FINISHED),
    ),
    (
        PLAIN,
        (
            Reason.EXTERNAL_NAME,
            Reason.SERVICE_DELETING,
            Reason.SELECTORLESS_NO_ENDPOINTS,
            Reason.SCALED_TO_ZERO,
        ),
    ),
)
#: All the others: selectors, ports, families, slices.
OTHER_REASONS = NEW


def color_reasons() -> list[tuple[str, str]]:
    """Regular expressions over names of series, and the colour of what they match."""
    named = {reason for _, reasons in REASONS for reason in reasons}
    others = tuple(reason for reason in Reason if reason not in named)
    return [
        ("/^(" + "|".join(reason.value for reason in reasons) + ")$/", color)
        for color, reasons in (*REASONS, (OTHER_REASONS, others))
    ]


def map_values(*words: Word, nothing: str = NO_DATA) -> list[ValueMapping]:
    """A mapping of numbers or texts to a word and a colour; of no value to `nothing`, in grey."""
    found: list[ValueMapping] = []
    if words:
        found.append(
            ValueMap(
                {
                    str(value): ValueMappingResult(text=text, color=color, index=index)
                    for index, (value, text, color) in enumerate(words)
                }
            )
        )
    return [*found, _map_nothing(nothing, UNKNOWN, len(words))]


def map_cells(*words: Word) -> list[ValueMapping]:
    """As map_values, for the cells of a table: where there is nothing, no background either.

    A label that is missing is an empty text: unmapped, the cell would show what the table says
    when it has no rows at all.
    """
    return [
        *map_values(*words)[:-1],
        _map_nothing(NO_VALUE, "transparent", len(words)),
        _map_nothing(NO_VALUE, "transparent", len(words) + 1, SpecialValueMatch.EMPTY),
    ]


def _map_nothing(
    text: str, color: str, index: int, match: SpecialValueMatch = SpecialValueMatch.NULL_AND_NAN
) -> ValueMapping:
    result = ValueMappingResult(text=text, color=color, index=index)
    return SpecialValueMap(DashboardSpecialValueMapOptions(match=match, result=result))


def steps(base: str, *further: tuple[float, str]) -> list[Threshold]:
    """Thresholds: a colour from the start, and others from a value on."""
    return [
        Threshold(value=None, color=base),
        *(Threshold(value=value, color=color) for value, color in further),
    ]
