from __future__ import annotations

import gzip
import zlib

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.engine.state import State
from exporter.exposition import Exposition, Format, Page
from exporter.model import ServiceKey
from tests.unit.apiserver import (
    ALL_GROUPS,
    Json,
    endpoint,
    node,
    pod,
    service,
    slice_of,
    state_of,
    text_of,
)

TEXT, OPEN = Format.TEXT_0_0_4, Format.OPENMETRICS_1_0_0

HOSTILE = {"quote": 'a"b', "feed": "a\nb", "slash": "a\\", "brace": '{x="y"} 1', "cr": "a\rb"}


def busy(count: int = 3) -> State:
    """Several Services in two namespaces, with every group on and hostile labels."""
    found: list[Json] = [node("n1"), slice_of(name="lost", service=None)]
    for number in range(count):
        namespace, name = "de"[number % 2], f"s{number:03}"
        labels = {"labels": HOSTILE, "annotations": HOSTILE}
        found += [
            service(name, namespace, metadata=labels, selector={"app": name}),
            slice_of(
                endpoint(".1", zone="a", nodeName="n1"),
                endpoint(".2", "FTT"),
                namespace=namespace,
                name=name,
                service=name,
            ),
            pod(f"p{number}", "10.0.0.1", namespace, app=name),
        ]
    return state_of(
        *found, read=("ingresses",), groups=ALL_GROUPS, labels=("*",), annotations=("*",)
    )


def plain(page: Page) -> bytes:
    """The page as it is."""
    return b"".join(page.pieces())


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    """Name and value of each sample line; a line ends with a line feed and nothing else."""
    lines = [line for line in text.split("\n")[:-1] if line[0] != "#"]
    return [(line.split("{")[0], {}, float(line.rsplit(" ", 1)[1])) for line in lines]


# ── well formed ──────────────────────────────────────────────────────────────────────────────


def test_parsers_read_what_was_rendered() -> None:
    """The text and OpenMetrics parsers find every sample, with the same name and value."""
    state = busy()
    for form, parse in ((TEXT, parse_text), (OPEN, parse_openmetrics)):
        text = text_of(state, form)
        parsed = [sample for family in parse(text) for sample in family.samples]
        assert [(s.name, {}, s.value) for s in parsed] == samples(text)
        assert len({(s.name, tuple(sorted(s.labels.items()))) for s in parsed}) == len(parsed)


def test_hostile_values_come_back_as_they_were() -> None:
    """Quotes, line feeds, backslashes and braces in labels survive rendering and parsing."""
    for form, parse in ((TEXT, parse_text), (OPEN, parse_openmetrics)):
        families = {family.name: family for family in parse(text_of(busy(1), form))}
        [sample] = families["k8s_service_labels"].samples
        for key, value in HOSTILE.items():
            assert sample.labels[f"label_{key}"] == value


def test_a_family_stands_in_one_place_under_one_head() -> None:
    """HELP and TYPE once a family, all of its samples below them, also over many chunks."""
    lines = text_of(busy(300)).split("\n")[:-1]
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    current, seen = "", []
    for line in lines:
        if line.startswith("# TYPE"):
            current = line.split()[2]
        elif line[0] != "#":
            assert line.split("{")[0] == current
            seen.append(line.rsplit(" ", 1)[0])
    assert len(seen) == len(set(seen))


def test_families_come_in_the_order_of_the_catalogue() -> None:
    """Stable, and Services in order of namespace and name inside."""
    state = busy(4)
    text = text_of(state)
    heads = [line.split()[2] for line in text.split("\n")[:-1] if line.startswith("# TYPE")]
    order = [family.name for family in state.exposition.families]
    assert heads == [name for name in order if name in heads]
    infos = [line for line in text.split("\n")[:-1] if line.startswith("k8s_service_info{")]
    assert [line.split('"')[1:4:2] for line in infos] == [
        ["d", "s000"],
        ["d", "s002"],
        ["e", "s001"],
        ["e", "s003"],
    ]


@pytest.mark.parametrize("form", Format)
def test_an_empty_state_is_an_empty_page(form: Format) -> None:
    """No head without samples; OpenMetrics ends with its mark all the same."""
    page = Exposition(()).scrape(form)
    assert plain(page) == (b"# EOF\n" if form is OPEN else b"")
    assert gzip.decompress(b"".join(page.compressed())) == plain(page)


# ── compressed ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    "restriction",
    [
        {},
        {"namespaces": frozenset({"d"})},
        {"families": frozenset({"k8s_service_info"})},
        {"families": frozenset()},
        {"tail": b"# TYPE own gauge\nown 1\n"},
    ],
)
def test_compressed_is_the_plain_form_as_one_gzip_member(
    form: Format, restriction: dict[str, frozenset[str]]
) -> None:
    """Magic, CRC and length are right, and nothing follows the one member."""
    page = busy(200).exposition.scrape(form, **restriction)  # type: ignore[arg-type]
    raw = b"".join(page.compressed())
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unpacker.decompress(raw) == plain(page)
    assert unpacker.eof
    assert unpacker.unused_data == unpacker.unconsumed_tail == b""
    assert gzip.decompress(raw) == plain(page)
    assert page.size == len(plain(page))


@pytest.mark.parametrize("spoil", [-1, -5])
def test_a_spoilt_trailer_is_noticed(spoil: int) -> None:
    """CRC and length are there to be checked: one bit off, and a client refuses the page."""
    raw = bytearray(b"".join(busy(1).exposition.scrape(TEXT).compressed()))
    raw[spoil] ^= 1
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(bytes(raw))


def test_the_same_state_is_the_same_bytes() -> None:
    """No time stands in the header, so that equal pages compare equal."""
    page, again = busy(5).exposition.scrape(TEXT), busy(5).exposition.scrape(TEXT)
    assert b"".join(page.compressed()) == b"".join(again.compressed())


def test_a_page_can_be_read_twice() -> None:
    """It is a value: reading takes nothing away, plain or compressed."""
    page = busy(2).exposition.scrape(TEXT)
    assert plain(page) == plain(page)
    assert b"".join(page.compressed()) == b"".join(page.compressed())


def test_a_page_does_not_change_while_it_is_read() -> None:
    """A commit in the middle of a scrape is for the next one."""
    state = busy(2)
    page = state.exposition.scrape(TEXT)
    pieces = page.pieces()
    text = plain(page)
    begun = next(pieces)
    state.exposition.commit(dict.fromkeys(state.reports), {})
    assert begun + b"".join(pieces) == text
    assert plain(state.exposition.scrape(TEXT)) != text


# ── restricted ───────────────────────────────────────────────────────────────────────────────


def test_some_namespaces() -> None:
    """Every line of those namespaces and no other, families about namespaces included."""
    state = busy(10)
    lines = [line for line in text_of(state).split("\n")[:-1] if line[0] != "#"]
    only = text_of(state, namespaces=frozenset({"e"}))
    assert [line for line in only.split("\n")[:-1] if line[0] != "#"] == [
        line for line in lines if '{namespace="e"' in line
    ]
    assert "# TYPE k8s_endpointslices_orphaned gauge" in only
    assert text_of(state, namespaces=frozenset({"nowhere"})) == ""


def test_some_families() -> None:
    """Those named, in the catalogue's order; a name that nobody has is nothing."""
    names = frozenset({"k8s_service_endpoints_ready", "k8s_service_info", "nonsense"})
    text = text_of(busy(2), families=names)
    heads = [line.split()[2] for line in text.split("\n")[:-1] if line.startswith("# TYPE")]
    assert heads == ["k8s_service_info", "k8s_service_endpoints_ready"]


def test_the_tail_stands_before_the_end_mark() -> None:
    """The exporter's own metrics follow those of the domain."""
    tail = b"# TYPE own gauge\nown 1\n"
    exposition = busy(1).exposition
    assert plain(exposition.scrape(TEXT, tail=tail)).endswith(b"\n" + tail)
    assert plain(exposition.scrape(OPEN, tail=tail)).endswith(tail + b"# EOF\n")
    assert plain(exposition.scrape(OPEN)).count(b"# EOF") == 1


# ── counted ──────────────────────────────────────────────────────────────────────────────────


def test_series_are_counted_by_group() -> None:
    """As many as there are sample lines, before and after Services go."""
    state = busy(150)
    groups = {family.name: family.group.value for family in state.exposition.families}
    for _ in range(2):
        counted: dict[str, int] = dict.fromkeys(groups.values(), 0)
        for name, _, _ in samples(text_of(state)):
            counted[groups[name]] += 1
        assert state.exposition.series() == counted
        state.exposition.commit(dict.fromkeys(sorted(state.reports)[:70]), {"d": None})


@pytest.mark.parametrize("form", [TEXT, OPEN])
def test_who_is_silent_tells_only_the_tail(form: Format) -> None:
    """A replica that does not lead shows its own metrics, no head of others, and counts nothing."""
    exposition = busy().exposition
    before = plain(exposition.scrape(form))
    exposition.silent = True
    end = b"# EOF\n" if form is OPEN else b""
    assert plain(exposition.scrape(form, tail=b"own 1\n")) == b"own 1\n" + end
    assert plain(exposition.scrape(form, namespaces=frozenset("d"))) == end
    assert exposition.series() == {}

    exposition.silent = False
    assert plain(exposition.scrape(form)) == before


def test_what_is_shared_goes_with_the_edition() -> None:
    """A begun scrape ends as it was, the next has what is new; a part is never taken for all."""
    state = busy()
    exposition = state.exposition
    before = exposition.scrape(TEXT)
    old = plain(before)
    assert plain(exposition.scrape(OPEN)) != old
    assert plain(exposition.scrape(TEXT, namespaces=frozenset("d"))) != old
    assert plain(exposition.scrape(TEXT)) == old
    gone: dict[ServiceKey, None] = {ServiceKey("d", "s000"): None}
    exposition.commit(gone, {})
    new = plain(exposition.scrape(TEXT))
    assert b's000"' in old
    assert b's000"' not in new
    assert gzip.decompress(b"".join(exposition.scrape(TEXT).compressed())) == new
    assert plain(before) == old
    assert gzip.decompress(b"".join(before.compressed())) == old
    exposition.silent = True
    assert plain(exposition.scrape(TEXT, tail=b"own 1\n")) == b"own 1\n"
