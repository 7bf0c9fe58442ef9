from __future__ import annotations

import json

import msgspec
import pytest

from exporter.objects import cutting
from exporter.objects.codec import ListHead
from exporter.objects.lists import ListReader
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import DEPLOYMENTS, HTTPROUTES, SERVICES, SLICES
from tests.unit.apiserver import Json, endpoint, service, slice_of

#: What a list of Services says of itself.
HEAD = b'"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5"}'


def read_list(*chunks: bytes) -> tuple[list[str], ListHead]:
    """Names (or reasons of rejection) of what a list of Services gives, in its order."""
    reader = ListReader(SERVICES)
    found = [one for chunk in chunks for one in reader.feed(chunk)]
    found += reader.rest()
    names = [f"!{one.name}" if isinstance(one, Rejected) else one.name for one in found]
    return names, reader.head


def list_of(*items: Json, kind: str = "ServiceList", **metadata: str) -> bytes:
    """A list as a Go server writes it: compact, items without kind, their metadata first."""
    return msgspec.json.encode(
        {
            "kind": kind,
            "apiVersion": "v1",
            "metadata": {"resourceVersion": "5", **metadata},
            "items": [{k: v for k, v in i.items() if k in ("metadata", "spec")} for i in items],
        }
    )


def pad(body: bytes) -> bytes:
    """The same with a head that no Go server writes: the list is cut bracket by bracket."""
    return body.replace(b"{", b"{" + b" " * 9000, 1)


def test_objects_come_while_the_bytes_arrive() -> None:
    """An object is given as soon as the beginning of the next one shows that it is whole."""
    body = list_of(service("a"), service("b"), service("c"))
    reader = ListReader(SERVICES)
    half = body.index(b'"name":"c"') + 1
    assert [one.name for one in reader.feed(body[:half])] == ["a", "b"]
    assert list(reader.feed(body[half:])) == []
    assert [one.name for one in reader.rest()] == ["c"]
    assert reader.head == ListHead("5", "")


@pytest.mark.parametrize("indent", [0, 1, 2, 8])
def test_a_list_with_line_breaks_is_read_while_it_arrives_too(indent: int) -> None:
    """A server that is asked for pretty answers writes the same list with line breaks."""
    body = msgspec.json.format(list_of(*(service(name) for name in "abcdefgh")), indent=indent)
    reader = ListReader(SERVICES)
    seen = [len(list(reader.feed(body[begin : begin + 64]))) for begin in range(0, len(body), 64)]
    assert sum(seen) == 8
    assert max(seen) == 1
    assert list(reader.rest()) == []
    assert reader.head == ListHead("5", "")


def test_a_list_says_where_to_go_on() -> None:
    """The continue token of a page comes through; on the last page it is empty or absent."""
    assert read_list(list_of(service("a"), **{"continue": "xyz"}))[1] == ListHead("5", "xyz")
    assert read_list(list_of(service("a"), **{"continue": ""}))[1] == ListHead("5", "")


@pytest.mark.parametrize(
    "items,names",
    [
        (b'"items":[]', []),
        (b'"items":null', []),
        (b'"items" : [ ] ', []),
        (b'"items":[{"metadata":{"name":"a"}}]', ["a"]),
        (b' "items" : [ {"metadata":{"name":"a"}} , {"metadata":{"name":"b"}} ] ', ["a", "b"]),
        (
            b'"items":[{"kind":"Service","metadata":{"name":"a"}},{"metadata":{"name":"b"}}]',
            ["a", "b"],
        ),
        (
            b'"items":[7, {"metadata":{"name":"a"}},null,"x,{}",{"metadata":{"name":"b"}},[]]',
            ["!", "a", "!", "!", "b", "!"],
        ),
    ],
)
def test_lists_of_any_shape_are_read(items: bytes, names: list[str]) -> None:
    """Pretty-printed, empty and null lists, and keys in any order, are lists all the same."""
    for body in (b"{" + HEAD + b"," + items + b"}", b"{" + items + b"," + HEAD + b"}\n"):
        assert read_list(body) == (names, ListHead("5", ""))
        assert read_list(*[body[at : at + 1] for at in range(len(body))])[0] == names
        padded = pad(body)
        assert read_list(padded) == (names, ListHead("5", ""))
        assert read_list(*[padded[at : at + 7] for at in range(0, len(padded), 7)])[0] == names


@pytest.mark.parametrize(
    "false_border",
    [
        '},{"metadata":{',
        '{"metadata":{"name":"x"}},{"metadata":{"name":"y"}}',
        '"}},{"metadata":{"name":"x"}}',
        '"items":[{"metadata":{"name":"x"}}',
    ],
)
def test_a_text_that_looks_like_a_border_is_a_text(false_border: str) -> None:
    """Annotations hold whole objects as text; none of them becomes an item."""
    odd = service("b", metadata={"annotations": {"copy": false_border * 50}})
    body = list_of(service("a"), odd, service("c"))
    assert read_list(body)[0] == ["a", "b", "c"]
    assert read_list(*[body[at : at + 50] for at in range(0, len(body), 50)])[0] == ["a", "b", "c"]


def test_nested_objects_with_metadata_are_no_items() -> None:
    """A nested `},{"metadata":{` (as volume claim templates have) borders no items."""
    nested = [{"metadata": {"name": "x"}}, {"metadata": {"name": "y"}}, {"metadata": {}}] * 20
    items = [
        {"metadata": {"name": n}, "spec": {"replicas": 1, "volumeClaimTemplates": nested}}
        for n in ("a", "b")
    ]
    reader = ListReader(DEPLOYMENTS)
    head = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "5"}}
    found = [*reader.feed(msgspec.json.encode({**head, "items": items})), *reader.rest()]
    assert [one.name for one in found] == ["a", "b"]


def test_a_broken_item_stands_in_its_place() -> None:
    """One object of the wrong shape is rejected; those around it are read."""
    broken = {"metadata": {"name": "b", "namespace": "d"}, "spec": {"ports": 7}}
    names, head = read_list(list_of(service("a"), broken, service("c")))
    assert names == ["a", "!b", "c"]
    assert head.resource_version == "5"


def test_an_item_with_a_huge_number_spoils_nothing() -> None:
    """A number that nothing can hold costs its own object alone, in the middle and at the end."""
    body = list_of(
        service("a", healthCheckNodePort=777), service("b"), service("c", healthCheckNodePort=777)
    )
    assert read_list(body.replace(b"777", b"7" * 5000))[0] == ["!a", "b", "!c"]


def test_borders_may_lie_across_chunks() -> None:
    """Every way of cutting a list in two gives the same objects."""
    body = list_of(service("a"), service("b"), service("c"))
    for whole in (body, pad(msgspec.json.format(body))):
        for at in range(0 if whole is body else 8990, len(whole)):
            assert read_list(whole[:at], whole[at:]) == (["a", "b", "c"], ListHead("5", "")), at


@pytest.mark.parametrize("keep", [0, 1, 30, 60, 200, 700, -1])
@pytest.mark.parametrize("pretty", [False, True])
def test_a_list_that_breaks_off_is_a_decode_error(keep: int, pretty: bool) -> None:
    """A body that ended early is no list, whatever objects were complete."""
    body = list_of(service("a"), service("b"))
    reader = ListReader(SERVICES)
    body = pad(msgspec.json.format(body)) if pretty else body
    list(reader.feed(body[: keep + 9000 * (pretty and keep > 0)]))
    with pytest.raises(DecodeError):
        list(reader.rest())


A_LIST = "expected a ServiceList of v1, got"


@pytest.mark.parametrize(
    "body,told",
    [
        (b"", f"{A_LIST} nothing"),
        (b"null", f"{A_LIST} what is no JSON object"),
        (b"[]", f"{A_LIST} what is no JSON object"),
        (b"upstream connect error", f"{A_LIST} what is no JSON object"),
        (b"\n<!doctype html><title>Sign in</title>", f"{A_LIST} HTML"),
        (b"{}", f"{A_LIST} an object without a kind"),
        (b'{"error":"maintenance"}', f"{A_LIST} an object without a kind"),
        (b'{"items":[]}', f"{A_LIST} an object without a kind"),
        (
            b'{"kind":"Status","apiVersion":"v1","code":200,"message":"all is well"}',
            f"{A_LIST} a Status: all is well",
        ),
        (
            b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]}',
            f"{A_LIST} a PodList of v1",
        ),
        (
            list_of().replace(b'"v1"', b'"serving.knative.dev/v1"'),
            f"{A_LIST} a ServiceList of serving.knative.dev/v1",
        ),
        (b'{"kind":"Table","rows":[]}', f"{A_LIST} a Table of no version"),
        (b'{"kind":"List","apiVersion":"v1","items":[]}', f"{A_LIST} a List of v1"),
        (b"{" + HEAD + b"}", f"{A_LIST} one without items"),
        (
            b'{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}',
            f"{A_LIST} one without a resourceVersion",
        ),
        (
            b'{"kind":"ServiceList","apiVersion":"v1","items":null}',
            f"{A_LIST} one without a resourceVersion",
        ),
        (b"{" + HEAD + b',"items":{}}', "the list of services is broken: Expected `array | null`"),
        (b"{" + HEAD + b',"items":[{"metadata":{"name":"a"}}]', "the list of services is broken: "),
        (
            b"{" + HEAD + b',"items":[{"metadata":{"name":"a"}}]}}',
            "the list of services is broken: ",
        ),
        (
            b"{" + HEAD + b',"items":[{"metadata":{"name":"a"}},{"metadata":{]}',
            "the list of services is broken: ",
        ),
    ],
)
def test_what_is_no_list_of_the_resource_is_a_decode_error(body: bytes, told: str) -> None:
    """A gateway's answer, a page, an error or another API's collection is never an empty list."""
    for sent in (body, pad(body)):
        reader = ListReader(SERVICES)
        with pytest.raises(DecodeError) as caught:
            [*reader.feed(sent), *reader.rest()]  # either of the two may find it
        assert str(caught.value).startswith(told) or sent is not body
        assert str(caught.value).startswith((A_LIST, "the list of services is broken: "))


@pytest.mark.parametrize(
    "items",
    [
        b'[{"metadata":{"name":"a"}} {"metadata":{"name":"b"}}]',
        b'[,{"metadata":{"name":"a"}}]',
        b'[{"metadata":{"name":"a"}},]',
        b'[{"metadata":{"name":"a"}},,{"metadata":{"name":"b"}}]',
        b'[{"metadata":{"name":"a"}},nonsense,{"metadata":{"name":"b"}}]',
        b'[{"metadata":{"name":"a"}}}',
        b'[{"metadata":{"name":"a"]}]',
        b'[{"metadata":{"name":"a"}}],"items":[{"metadata":{"name":"b"}}]',
    ],
)
def test_a_list_that_is_no_json_is_refused_however_it_is_read(items: bytes) -> None:
    """What is cut bracket by bracket is checked as strictly as what is decoded whole."""
    body = pad(b"{" + HEAD + b',"items":' + items + b"}")
    reader = ListReader(SERVICES)
    with pytest.raises(DecodeError, match="services is broken"):
        [*reader.feed(body), *reader.rest()]  # either of the two finds it


def test_slices_are_read_from_a_typed_list() -> None:
    """The kind of a list is that of its items with `List` behind it."""
    head = {
        "kind": "EndpointSliceList",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": {"resourceVersion": "5"},
    }
    reader = ListReader(SLICES)
    body = msgspec.json.encode({**head, "items": [slice_of(endpoint(".1"))]})
    assert [one.name for one in [*reader.feed(body), *reader.rest()]] == ["s-1"]


def test_a_list_of_an_older_version_is_one_too() -> None:
    """Where a server serves no newer one, that is what was asked for."""
    body = (
        b'{"apiVersion":"gateway.networking.k8s.io/v1beta1","items":[],"kind":"HTTPRouteList",'
        b'"metadata":{"resourceVersion":"5"}}'
    )
    reader = ListReader(HTTPROUTES)
    assert [*reader.feed(body), *reader.rest()] == []
    assert reader.head == ListHead("5", "")


def test_lists_of_custom_resources_have_their_keys_sorted() -> None:
    """The API server writes them from a map: items before kind, and apiVersion first in each."""
    routes = [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": n}}
        for n in ("a", "b")
    ]
    body = msgspec.json.encode(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "items": routes,
            "kind": "HTTPRouteList",
            "metadata": {"resourceVersion": "5"},
        }
    )
    reader = ListReader(HTTPROUTES)
    found = [*reader.feed(body), *reader.rest()]
    assert [one.name for one in found] == ["a", "b"]


@pytest.mark.parametrize("pretty", [False, True])
def test_an_item_without_end_is_refused(pretty: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of a gigabyte ends the page with a clear error instead of filling the memory."""
    monkeypatch.setattr(cutting, "LARGEST_ITEM", 3 * 2**20)
    reader = ListReader(SERVICES)
    begin = b"{" + HEAD + b',"items":[{"metadata":{"name":"'
    list(reader.feed(pad(begin) if pretty else begin))
    for _ in range(31):
        assert list(reader.feed(b"a" * 100_000)) == []
    with pytest.raises(DecodeError, match="services is broken: an item is larger than 3 MiB"):
        list(reader.feed(b"a" * 100_000))


def test_what_stands_around_the_items_is_bounded() -> None:
    """An endless object that has no items at all."""
    reader = ListReader(SERVICES)
    for _ in range(10):
        assert list(reader.feed(b'{"' + b"a" * 100_000)) == []
    with pytest.raises(DecodeError, match="around its items is larger than 1 MiB"):
        list(reader.feed(b'{"' + b"a" * 100_000))


def test_every_byte_of_a_printed_list_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list printed for people takes time in proportion to its size, and memory to one item."""
    looked = 0

    class Counting(cutting.Cutter):
        def _next_bracket(self) -> int:
            nonlocal looked
            before = self._at
            found = super()._next_bracket()
            looked += self._at - before
            assert len(self._buffer) < 80_000
            return found

    monkeypatch.setattr("exporter.objects.lists.Cutter", Counting)
    one = json.dumps({"metadata": {"name": "x", "annotations": {"a": "y" * 3000}}}, indent=1)
    body = b"{" + HEAD + b', "items": [' + ",\n".join([one] * 500).encode() + b"]}"
    reader = ListReader(SERVICES)
    found: list[object] = []
    for at in range(0, len(body), 65_536):
        found += reader.feed(body[at : at + 65_536])
    assert list(reader.rest()) == []
    assert len(found) == 500
    assert looked == len(body)
