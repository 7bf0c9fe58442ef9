"""Whatever the bytes: a value, a Rejected in its place, or a DecodeError; nothing else."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.engine.state import State
from exporter.exposition import Format
from exporter.model import Replace, Source
from exporter.objects import codec
from exporter.objects import slices as slices_module
from exporter.objects.addresses import canonical_address
from exporter.objects.codec import (
    Event,
    ListHead,
    Retained,
    decode_event,
    decode_object,
    decode_status,
)
from exporter.objects.lists import ListReader
from exporter.objects.meta import DecodeError, Rejected, parse_time
from exporter.objects.resources import RESOURCES, Resource
from tests.property.clusters import OBJECTS, READ, WHOLE, slices
from tests.unit.apiserver import ALL_GROUPS, NOW, Json, choices, resource_of, text_of

ANY_RESOURCE = st.sampled_from(sorted(RESOURCES.values()))

#: Texts of objects that confuse whoever cuts lists by what they look like.
TRAPS = [
    '},{"metadata":{',
    '"items":[',
    '"}},{"metadata":{"name":"x"}}',
    "]}",
    "\\",
    '\\"',
    "\u2028\u0085\n",
    "\x00",
]
TEXTS = st.one_of(st.sampled_from(TRAPS), st.text(max_size=8))
ANY_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
        st.sampled_from([10**30, -(10**30), 2**63, 1e308, ""]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found = [path] if path else []
    for key, part in inner:
        found += places(part, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn, objects: st.SearchStrategy[Json] = WHOLE) -> Json:
    """A valid object of which a few values were replaced, removed or added to."""
    found = copy.deepcopy(draw(objects))
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from(places(found)))
        holder: Any = found
        for key in way:
            holder = holder[key]
        act = draw(st.sampled_from(["replace", "remove", "add"]))
        if act == "replace":
            holder[last] = draw(ANY_JSON)
        elif act == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[draw(TEXTS)] = draw(ANY_JSON)
        else:
            holder.insert(last, draw(ANY_JSON))
        if not places(found):
            break
    return found


def attempt(resource: Resource, raw: bytes) -> Retained | Rejected | None:
    """The object, None for a DecodeError."""
    try:
        return decode_object(resource, raw)
    except DecodeError:
        return None


# ── objects ──────────────────────────────────────────────────────────────────────────────────


@given(ANY_RESOURCE, st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)))
def test_any_bytes(resource: Resource, raw: bytes) -> None:
    """Bytes that are JSON give an object or a Rejected, all others a DecodeError."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        assert attempt(resource, raw) is None
    else:
        assert attempt(resource, raw) is not None


@given(ANY_RESOURCE, ANY_JSON)
def test_any_json(resource: Resource, value: Any) -> None:
    """JSON that is no object of the resource is rejected, never an error."""
    found = attempt(resource, msgspec.json.encode(value))
    assert found is not None
    if isinstance(found, Rejected):
        assert found.resource == resource.name
        assert found.why


@given(mutated())
def test_any_mutation_of_an_object(found: Json) -> None:
    """A valid object with anything in place of its values has a name or is rejected."""
    for name in READ:
        decoded = attempt(RESOURCES[name], msgspec.json.encode(found))
        assert decoded is not None
        assert isinstance(decoded, Rejected) or decoded.name


@given(mutated(), st.data())
def test_any_damage_to_the_bytes(found: Json, data: st.DataObject) -> None:
    """A cut or overwritten body is an object, rejected or a DecodeError."""
    raw = bytearray(msgspec.json.encode(found))
    at = data.draw(st.integers(0, len(raw)))
    raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
    for name in READ:
        attempt(RESOURCES[name], bytes(raw))


@given(st.lists(mutated(OBJECTS), max_size=12), st.sampled_from(Source))
def test_whatever_was_decoded_can_be_shown(objects: list[Json], source: Source) -> None:
    """No value that an object may hold stops the reports or the exposition."""
    state = State(choices(groups=ALL_GROUPS, source=source, labels=("*",), annotations=("*",)))
    for resource in READ:
        members = []
        for found in objects:
            decoded = attempt(RESOURCES[resource], msgspec.json.encode(found))
            if decoded is not None and found.get("kind") == RESOURCES[resource].kind:
                members.append(decoded)
        state.deliver(Replace(resource, "", tuple(members)))
    state.settle(NOW)
    for form in Format:
        text = text_of(state, form)
        assert text.endswith("\n") or not text


# ── lists ────────────────────────────────────────────────────────────────────────────────────


class _Meta(msgspec.Struct):
    version: str | None = msgspec.field(default=None, name="resourceVersion")
    token: str | None = msgspec.field(default=None, name="continue")


class _Body(msgspec.Struct):
    metadata: _Meta | None = None
    items: list[msgspec.Raw] | None = None


def whole(resource: Resource, body: bytes) -> tuple[list[Retained | Rejected], ListHead] | None:
    """What the list holds, read at once and object by object; None when it is no list."""
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    meta = read.metadata or _Meta()
    objects = [decode_object(resource, item) for item in read.items or ()]
    return objects, ListHead(meta.version or "", meta.token or "")


def in_chunks(
    resource: Resource, body: bytes, cuts: list[int]
) -> tuple[list[Retained | Rejected], ListHead] | None:
    """What the list holds, read in pieces; None for a DecodeError."""
    reader = ListReader(resource)
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    found: list[Retained | Rejected] = []
    try:
        for begin, end in pairwise(edges):
            found += reader.feed(body[begin:end])
        found += reader.rest()
    except DecodeError:
        return None
    return found, reader.head


@st.composite
def list_bodies(draw: st.DrawFn) -> tuple[Resource, bytes]:
    """A list of any objects of one kind, written compact or not, its keys in any order."""
    items = draw(st.lists(mutated(WHOLE), max_size=5))
    resource = RESOURCES[draw(st.sampled_from(READ))]
    # Items of a Go server begin with their metadata; others may not.
    if draw(st.booleans()):
        items = [
            {"metadata": item.get("metadata")} | {k: item[k] for k in item if k[:1] not in "akm"}
            for item in items
        ]
    fields: Json = {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": "5", "continue": draw(TEXTS)},
        "items": items,
    }
    if draw(st.booleans()):
        fields["remark"] = draw(ANY_JSON)
    keys = draw(st.permutations(list(fields)))
    body = msgspec.json.encode({key: fields[key] for key in keys})
    if draw(st.booleans()):
        # Longer than any head that a Go server writes: cut bracket by bracket.
        body = b"{" + b" " * 8200 + body[1:]
    return resource, msgspec.json.format(body) if draw(st.booleans()) else body


CUTS = st.lists(st.integers(0, 10**6), max_size=12)


@given(list_bodies(), CUTS)
def test_any_chunking_of_a_list_is_the_whole_list(
    made: tuple[Resource, bytes], cuts: list[int]
) -> None:
    """However the bytes arrive, the objects, their order and the head are the same."""
    resource, body = made
    assert in_chunks(resource, body, cuts) == whole(resource, body)


@given(list_bodies())
def test_a_list_may_come_byte_by_byte(made: tuple[Resource, bytes]) -> None:
    """The smallest chunks there are."""
    resource, body = made
    body = body[-600:] if len(body) > 3000 else body
    assert in_chunks(resource, body, list(range(len(body)))) == in_chunks(resource, body, [])


@given(list_bodies(), CUTS, st.data())
def test_a_damaged_list_is_read_or_refused(
    made: tuple[Resource, bytes], cuts: list[int], data: st.DataObject
) -> None:
    """Damage never gets through as another error, and never depends on the chunks."""
    resource, body = made
    raw = bytearray(body)
    at = data.draw(st.integers(0, len(raw)))
    raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
    found = in_chunks(resource, bytes(raw), cuts)
    assert found == in_chunks(resource, bytes(raw), [])


# ── events and the rest ──────────────────────────────────────────────────────────────────────


@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda kind, found: msgspec.json.encode({"type": kind, "object": found}),
            st.one_of(st.sampled_from(["ADDED", "DELETED", "BOOKMARK", "ERROR"]), ANY_JSON),
            st.one_of(mutated(), ANY_JSON),
        ),
    )
)
def test_any_frame(line: bytes) -> None:
    """A frame is an event or a DecodeError, and an event with an object has one."""
    for name in READ:
        try:
            event = decode_event(RESOURCES[name], line)
        except DecodeError:
            continue
        assert isinstance(event, Event)
        assert (event.object is not None) is (event.type in ("ADDED", "MODIFIED", "DELETED"))


@given(st.one_of(st.binary(), ANY_JSON.map(msgspec.json.encode)))
def test_any_error_body(body: bytes) -> None:
    """An error's body is a Status or nothing."""
    status = decode_status(body)
    assert status is None or isinstance(status.code, int | None)


@given(st.one_of(st.text(), st.from_regex(r"[0-9a-fA-F:.%]+"), st.ip_addresses().map(str)))
def test_any_address(text: str) -> None:
    """Every text has a canonical form, which is its own."""
    once = canonical_address(text)
    assert canonical_address(once) == once


@given(st.one_of(st.text(), st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")))
def test_any_time(text: str) -> None:
    """Every text is a moment after the epoch or none."""
    seconds = parse_time(text)
    assert seconds is None or seconds > 0


@given(OBJECTS)
def test_objects_of_these_tests_are_what_they_should_be(found: Json) -> None:
    """What is meant to be whole decodes, so that the other properties prove something."""
    decoded = attempt(RESOURCES[resource_of(found)], msgspec.json.encode(found))
    assert decoded is not None
    assert isinstance(decoded, Rejected) is (
        found.get("spec") == 7 and found.get("status") == 7
    ) or (found["kind"] not in ("Service", "EndpointSlice", "Endpoints", "Pod"))


@given(st.lists(slices(), min_size=1, max_size=6), st.sampled_from([0, 1, 1 << 21]))
def test_a_slice_that_comes_again_is_what_it_is(found: list[Json], remembered: int) -> None:
    """Endpoints that are remembered by their bytes are those that decoding would give."""
    resource = RESOURCES["endpointslices"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "LONG", 0)
        patch.setattr(slices_module, "_REMEMBERED", remembered)
        for one in (*found, *found):
            raw = msgspec.json.encode(one)
            assert decode_object(resource, raw, again=True) == decode_object(resource, raw)
