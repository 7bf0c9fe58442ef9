from __future__ import annotations

import pytest

from exporter.sim.selectors import SelectorError, matches, parse_fields, parse_labels

_LABELS = {"app": "web", "tier": "front", "example.com/size": "12", "empty": ""}


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("missing!=x", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("!app", False),
        ("app in (web,db)", True),
        ("app in ( web , db )", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("app notin (web,db)", False),
        ("missing notin (x)", True),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("app in (web,db),!missing,tier", True),
        ("empty=", True),
        ("app=", False),
        ("example.com/size>11", True),
        ("example.com/size<12", False),
        ("app>1", False),
    ],
)
def test_label_selectors_match_as_the_api_does(text: str, wanted: bool) -> None:
    """Equality, sets, existence and bounds select the labels that the API documents."""
    assert matches(parse_labels(text), _LABELS) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "app=web,",
        "=web",
        "app=we b",
        "app in (web",
        "app in web",
        "a b",
        "-app",
        "app=-x",
        "a/b/c=d",
    ],
)
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    """Text outside the grammar raises the error that becomes a 400."""
    with pytest.raises(SelectorError, match="unable to parse requirement"):
        parse_labels(text)


def test_field_selectors_take_the_fields_of_the_resource() -> None:
    """Several terms are all required, and != excludes."""
    allowed = frozenset({"metadata.name", "spec.type"})
    selector = parse_fields("metadata.name=web,spec.type!=ExternalName", allowed)
    assert matches(selector, {"metadata.name": "web", "spec.type": "ClusterIP"})
    assert not matches(selector, {"metadata.name": "web", "spec.type": "ExternalName"})
    assert not matches(selector, {"metadata.name": "db", "spec.type": "ClusterIP"})


@pytest.mark.parametrize(
    "text, message",
    [
        ("spec.nodeName=n1", "field label not supported: spec.nodeName"),
        ("metadata.name", "can't understand 'metadata.name'"),
    ],
)
def test_other_fields_are_refused(text: str, message: str) -> None:
    """A field that the resource doesn't index, or no comparison at all, is an error."""
    with pytest.raises(SelectorError, match=message):
        parse_fields(text, frozenset({"metadata.name"}))
