from __future__ import annotations

import pytest

from exporter.analysis.policy import Policy, read_policy
from exporter.objects.services import Service
from tests.unit.apiserver import decode, service

PREFIX = "endpoints-exporter.io/"


def policy(default: int = 1, **wishes: str) -> Policy:
    """The Policy of a Service with these annotations; `_` stands for `-`."""
    annotations = {PREFIX + key.replace("_", "-"): value for key, value in wishes.items()}
    found = decode(service(metadata={"annotations": annotations}))
    assert isinstance(found, Service)
    return read_policy(found, default)


def test_without_annotations_the_defaults_hold() -> None:
    """Annotations of others are none of ours."""
    found = decode(service(metadata={"annotations": {"example.com/min-ready": "9"}}))
    assert isinstance(found, Service)
    assert read_policy(found, 2) == Policy(min_ready=2)


@pytest.mark.parametrize(
    "wish,expected", [("1", 1), ("2", 2), ("100", 100), ("999999999", 999999999)]
)
def test_a_positive_whole_number_is_a_threshold(wish: str, expected: int) -> None:
    """It replaces the default, and nothing is bad."""
    assert policy(5, min_ready=wish) == Policy(min_ready=expected, explicit=True)


@pytest.mark.parametrize(
    "wish",
    [
        "three",
        "1.5",
        "-2",
        "",
        "0",
        "00",
        "01",
        "+1",
        " 2",
        "2 ",
        "2\n",
        "1e3",
        "0x2",
        "1_000",
        "\u0662",
        "\u00b2",
        "1\u0662",
        "1000000000",
        "9" * 5000,
        "NaN",
        "true",
    ],
)
def test_anything_else_is_bad_and_the_default_holds(wish: str) -> None:
    """Words, fractions, zero, signs, blanks, other digits and huge numbers are no thresholds."""
    found = policy(5, min_ready=wish)
    assert found.min_ready == 5
    [line] = found.bad
    assert line == f"{PREFIX}min-ready={wish!r}: takes a positive whole number"


@pytest.mark.parametrize(
    "wish,ignored,bad",
    [
        ("true", True, 0),
        ("false", False, 0),
        ("True", False, 1),
        ("yes", False, 1),
        ("", False, 1),
        ("1", False, 1),
    ],
)
def test_ignore_takes_true_or_false(wish: str, ignored: bool, bad: int) -> None:
    """Anything else is bad and ignores nothing."""
    found = policy(ignore=wish)
    assert (found.ignored, len(found.bad)) == (ignored, bad)


@pytest.mark.parametrize("wish", ["critical", "warning", "info"])
def test_severities(wish: str) -> None:
    """The three that alerts know."""
    assert policy(severity=wish) == Policy(severity=wish)


def test_another_severity_is_bad() -> None:
    """It would route alerts nowhere."""
    found = policy(severity="page")
    assert found.severity == ""
    assert found.bad == (f"{PREFIX}severity='page': takes critical, warning, info",)


def test_an_owner_is_any_text() -> None:
    """It is passed on as it is."""
    assert policy(owner="Team A <a@example.com>") == Policy(owner="Team A <a@example.com>")


def test_a_key_that_nobody_knows_is_told() -> None:
    """A misspelt key would otherwise be a wish that is silently not heard; all are told, sorted."""
    found = policy(minready="3", severity="page", ignore="maybe")
    assert found == Policy(
        bad=(
            f'{PREFIX}ignore=\'maybe\': takes "true" or "false"',
            f"{PREFIX}minready is not known",
            f"{PREFIX}severity='page': takes critical, warning, info",
        )
    )
