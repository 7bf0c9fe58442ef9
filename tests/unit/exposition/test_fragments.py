from __future__ import annotations

import math

import pytest

from exporter.catalogue import Family, Group, Kind, Scope, select_families
from exporter.catalogue.core import CORE
from exporter.exposition.fragments import Fragment, Renderer, format_number
from exporter.model import NamespaceReport
from tests.unit.apiserver import endpoint, report_of, service, slice_of


@pytest.mark.parametrize(
    "value,text",
    [
        (0, "0"),
        (7, "7"),
        (10**20, "100000000000000000000"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-2.0, "-2"),
        (0.1, "0.1"),
        (1700000000.25, "1700000000.25"),
        (1700000000.0, "1700000000"),
        (1e15, "1000000000000000.0"),
        (1e300, "1e+300"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """Whole numbers without a point, others as short as they are exact; Go's special names."""
    assert format_number(value) == text


def family(samples: object, *, labels: tuple[str, ...] = (), **fields: object) -> Family:
    """A gauge whose samples are these, whatever the report."""
    return Family(
        "m",
        Kind.GAUGE,
        Group.CORE,
        "Help.",
        lambda _report: samples,  # type: ignore[arg-type,return-value]
        labels,
        **fields,  # type: ignore[arg-type]
    )


def rendered(*families: Family, namespace: str = "d", name: str = "s") -> Fragment:
    """The lines of a Service of that name."""
    report = report_of(service())
    key = type(report.key)(namespace, name)
    found = type(report)(key=key, service=report.service, known=True, min_ready=1, ignored=False)
    return Renderer(families).render_service(found)


def test_a_line_per_sample_and_an_entry_per_family() -> None:
    """A family without samples has an empty entry, so that the order of families stays."""
    lines = rendered(
        family([(("x", "y"), 1), (("x", "z"), 2.5)], labels=("a", "b")),
        family([]),
        family([((), 3)], scope=Scope.ENDPOINT),
    )
    assert lines == (
        (
            b'm{namespace="d",service="s",a="x",b="y"} 1\n'
            b'm{namespace="d",service="s",a="x",b="z"} 2.5\n'
        ),
        b"",
        b'm{namespace="d",endpoint="s"} 3\n',
    )


def test_empty_label_values_are_left_out() -> None:
    """To Prometheus an empty label is none."""
    assert rendered(family([(("", "y", ""), 1)], labels=("a", "b", "c"))) == (
        b'm{namespace="d",service="s",b="y"} 1\n',
    )


def test_labels_of_a_free_family() -> None:
    """Names come with the samples."""
    assert rendered(family([((("label_a", "x"), ("label_b", "")), 1)], free=True)) == (
        b'm{namespace="d",service="s",label_a="x"} 1\n',
    )


def test_hostile_names_stay_inside_their_quotes() -> None:
    """Quotes, backslashes and line feeds in names end no value and begin no line."""
    [line] = rendered(family([(('"} 1\n',), 1)], labels=("a",)), namespace="d\n", name='\\"')
    assert line == b'm{namespace="d\\n",service="\\\\\\"",a="\\"} 1\\n"} 1\n'


def test_families_that_say_the_same_as_before_are_not_written() -> None:
    """Of the report after only what differs is rendered; None says that the rest stays."""
    before = report_of(service(), slice_of(endpoint(".1")))
    after = report_of(service(), slice_of(endpoint(".1"), endpoint(".2")))
    renderer = Renderer(select_families(["core"]))
    lines = dict(zip([f.name for f in CORE], renderer.render_service(after, before), strict=True))
    assert {name: text for name, text in lines.items() if text is not None} == {
        "k8s_service_endpoints_ready": (
            b'k8s_service_endpoints_ready{namespace="d",service="s",address_type="IPv4"} 2\n'
        ),
        "k8s_service_endpoints_serving": (
            b'k8s_service_endpoints_serving{namespace="d",service="s",address_type="IPv4"} 2\n'
        ),
        "k8s_service_endpoints_routable": (
            b'k8s_service_endpoints_routable{namespace="d",service="s"} 2\n'
        ),
        "k8s_service_endpoints_finding": b"",  # no single point any more
    }
    assert set(renderer.render_service(after, after)) == {None}


def test_a_text_that_is_no_unicode_is_replaced() -> None:
    """A lone surrogate can't be written in UTF-8, and must not spoil the page."""
    [line] = rendered(family([(("\ud800",), 1)], labels=("a",)))
    assert line == b'm{namespace="d",service="s",a="?"} 1\n'


def test_a_family_of_another_number_of_labels_is_an_error() -> None:
    """A catalogue entry with a label too many would otherwise mix up its values."""
    with pytest.raises(ValueError, match="zip"):
        rendered(family([(("x",), 1)], labels=("a", "b")))


def test_lines_of_a_namespace() -> None:
    """The namespace alone is the label."""
    renderer = Renderer(
        (family([((), 2)], scope=Scope.NAMESPACE), family([], scope=Scope.NAMESPACE))
    )
    assert renderer.render_namespace(NamespaceReport('d"', 0, 0, 0)) == (
        b'm{namespace="d\\""} 2\n',
        b"",
    )
