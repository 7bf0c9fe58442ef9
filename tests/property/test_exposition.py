"""What was rendered reads back as what was to be said, for two foreign parsers and any text."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.catalogue import Family, Group, Kind, Scope, select_families
from exporter.engine.state import State
from exporter.exposition import Exposition, Format
from exporter.exposition.chunks import ChunkStore
from exporter.exposition.fragments import Fragment, Renderer, format_number
from exporter.exposition.pieces import CAPACITY
from exporter.model import NamespaceReport, ServiceKey, ServiceReport
from tests.property.clusters import OBJECTS, READ
from tests.unit.apiserver import (
    ALL_GROUPS,
    NOW,
    Json,
    choices,
    decode,
    replace,
    report_of,
    resource_of,
    service,
    text_of,
)

Series = tuple[str, frozenset[tuple[str, str]]]

#: Anything that can be in a label: names in the API are tame, but what files hold is not.
TEXTS = st.one_of(
    st.sampled_from(
        ["", '"', "\\", "\n", '\\"', "\\n", '"} 1\n', "{", "}", ",", "=", "#", " ", "\r"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
NUMBERS = st.one_of(
    st.integers(0, 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([math.inf, -math.inf]),
)


def series_of(
    families: Iterable[Family], reports: Iterable[ServiceReport | NamespaceReport]
) -> dict[Series, float]:
    """What there is to say, straight from the catalogue; an empty label is none."""
    said: dict[Series, float] = {}
    reports = list(reports)
    for family in families:
        for report in reports:
            if isinstance(report, NamespaceReport):
                if family.scope is not Scope.NAMESPACE:
                    continue
                first = {"namespace": report.namespace}
            else:
                if family.scope is Scope.NAMESPACE:
                    continue
                first = {"namespace": report.key.namespace, family.scope.value: report.key.name}
            for labels, value in family.samples(report):
                own = labels if family.free else zip(family.labels, labels, strict=True)
                pairs = [(k, v) for k, v in (*first.items(), *own) if v]
                key = (family.name, frozenset(pairs))
                assert key not in said, key
                assert len(dict(pairs)) == len(pairs), pairs
                said[key] = float(value)
    return said


def parsed(text: str, form: Format) -> dict[Series, float]:
    """What a foreign parser reads; no series may be there twice."""
    parse = parse_openmetrics if form is Format.OPENMETRICS_1_0_0 else parse_text
    found: dict[Series, float] = {}
    for family in parse(text):
        for sample in family.samples:
            key = (sample.name, frozenset((k, v) for k, v in sample.labels.items() if v))
            assert key not in found, key
            found[key] = sample.value
    return found


def state_of_all(objects: Iterable[Json]) -> State:
    """A state that lists the objects and says all it can."""
    state = State(choices(groups=ALL_GROUPS, labels=("*",), annotations=("*",)))
    objects = list(objects)
    for resource in READ:
        state.deliver(replace(resource, *(o for o in objects if resource_of(o) == resource)))
    state.settle(NOW)
    return state


@given(st.lists(OBJECTS, max_size=15), st.sampled_from(Format))
def test_parsers_read_what_the_catalogue_says(objects: list[Json], form: Format) -> None:
    """Each sample of each report is there once, under its family's head, with its value."""
    state = state_of_all(objects)
    text = text_of(state, form)
    about = [state.cluster.namespace(name) for name in state.cluster.namespaces()]
    # Routes have samples of their own making, which say nothing of a Service's report.
    families = [one for one in state.exposition.families if one.group is not Group.ROUTES]
    expected = series_of(families, [*state.reports.values(), *(one for one in about if one)])
    found = parsed(text, form)
    assert {key: found[key] for key in found if not key[0].startswith("k8s_route")} == expected
    heads = [line.split(" ")[2] for line in text.split("\n") if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    counted = {group: n for group, n in state.exposition.series().items() if group != "routes"}
    assert sum(counted.values()) == len(expected)


@given(
    TEXTS,
    TEXTS,
    st.lists(st.tuples(st.tuples(TEXTS, TEXTS), NUMBERS), max_size=4, unique_by=lambda s: s[0]),
)
def test_any_text_and_number_comes_back(
    namespace: str, name: str, samples: list[tuple[tuple[str, str], float]]
) -> None:
    """Names, label values and numbers survive rendering and parsing, in every format."""
    family = Family("m", Kind.GAUGE, Group.CORE, "Help.", lambda _report: samples, ("a", "b"))
    model = report_of(service())
    report = ServiceReport(
        key=ServiceKey(namespace, name),
        service=model.service,
        known=True,
        min_ready=1,
        ignored=False,
    )
    exposition = Exposition((family,))
    exposition.commit({report.key: exposition.render(report)}, {})
    assert exposition.render(report) == Renderer((family,)).render_service(report)
    for form in Format:
        text = b"".join(exposition.scrape(form).pieces()).decode()
        assert parsed(text, form) == series_of((family,), [report])


@given(NUMBERS)
def test_any_number_is_exact(number: float) -> None:
    """What is read back is the same float."""
    assert float(format_number(number)) == float(number)


LABELS = st.dictionaries(
    st.one_of(st.sampled_from(["a-b", "a.b", "a_b", "a_b_conflict1", "a-b_conflict1", ""]), TEXTS),
    TEXTS,
    max_size=6,
)


@given(LABELS, LABELS)
def test_no_label_is_ever_in_a_series_twice(
    labels: dict[str, str], annotations: dict[str, str]
) -> None:
    """Whatever keys are mapped to names, a scrape stays legal."""
    families = select_families(["labels"], labels=("*",), annotations=("*",))
    exposition = Exposition(families)
    model = report_of(service())
    made = decode(service(metadata={"labels": labels, "annotations": annotations}))
    report = ServiceReport(
        key=model.key,
        service=made,  # type: ignore[arg-type]
        known=True,
        min_ready=1,
        ignored=False,
    )
    exposition.commit({report.key: exposition.render(report)}, {})
    text = b"".join(exposition.scrape(Format.TEXT_0_0_4).pieces()).decode()
    assert parsed(text, Format.TEXT_0_0_4) == series_of(families, [report])
    assert text.count("label_") >= sum(value != "" for value in labels.values())


# ── chunks ───────────────────────────────────────────────────────────────────────────────────

KEYS = st.integers(0, 400).map(lambda number: (f"n{number // 40}", f"s{number % 40:02}"))
LINES = st.tuples(st.integers(0, 3), st.integers(0, 99))
FRAGMENTS = st.one_of(
    st.none(),
    st.tuples(
        st.one_of(st.none(), LINES.map(lambda made: b"a %d\n" % made[1] * made[0])),
        st.one_of(st.none(), LINES.map(lambda made: b"b %d\n" % made[1])),
    ),
)
RANGES = st.tuples(st.integers(0, 400), st.integers(0, 300), FRAGMENTS)


def filled(
    begin: int, count: int, fragment: Fragment | None
) -> dict[tuple[str, ...], Fragment | None]:
    """The same fragment for many neighbouring keys."""
    return {
        (f"n{number // 40}", f"s{number % 40:02}"): fragment
        for number in range(begin, min(begin + count, 401))
    }


@given(
    st.lists(
        st.one_of(st.dictionaries(KEYS, FRAGMENTS, max_size=8), RANGES.map(lambda r: filled(*r))),
        max_size=12,
    )
)
def test_any_batches_are_a_fresh_build(
    batches: list[dict[tuple[str, ...], Fragment | None]],
) -> None:
    """However chunks were split, spliced and dropped, the text is that of all at once."""
    store = ChunkStore(2)
    final: dict[tuple[str, ...], tuple[bytes, ...]] = {}
    for batch in batches:
        before = dict(final)
        for key, fragment in batch.items():
            if fragment is None:
                final.pop(key, None)
            else:
                # lines that are None are left as they were
                held = final.get(key, (b"", b""))
                final[key] = tuple(
                    old if new is None else new for old, new in zip(held, fragment, strict=True)
                )
        assert store.apply(batch) is (before != final)
    fresh = ChunkStore(2)
    fresh.apply(final)
    assert list(store.keys()) == list(fresh.keys()) == sorted(final)
    for number in (0, 1):
        text = b"".join(final[key][number] for key in sorted(final))
        assert b"".join(piece.text for piece in store.pieces(number)) == text
        assert b"".join(piece.text for piece in fresh.pieces(number)) == text
        assert store.series[number] == text.count(b"\n")
        assert all(len(piece.ends) <= CAPACITY for piece in store.pieces(number))
        some = frozenset({"n1", "n7"})
        assert store.lines_of(number, some) == fresh.lines_of(number, some)
    raw = b"".join(piece.deflated() for piece in store.pieces(1)) + b"\x03\x00"
    assert zlib.decompress(raw, -zlib.MAX_WBITS) == b"".join(
        piece.text for piece in fresh.pieces(1)
    )


@given(st.lists(OBJECTS, max_size=8), st.sampled_from(Format), st.binary(max_size=40))
def test_compressed_is_the_plain_form(objects: list[Json], form: Format, tail: bytes) -> None:
    """Any page is one strict gzip member of itself."""
    page = state_of_all(objects).exposition.scrape(form, tail=tail)
    plain = b"".join(page.pieces())
    raw = b"".join(page.compressed())
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unpacker.decompress(raw) == plain == gzip.decompress(raw)
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")
    assert page.size == len(plain)
