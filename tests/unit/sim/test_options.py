from __future__ import annotations

import pytest

from exporter.sim.options import decode_token, encode_token, parse_options
from exporter.sim.resources import resource_named
from exporter.sim.status import StatusError

_SERVICES = resource_named("services")


@pytest.mark.parametrize(
    "query, code, message",
    [
        (
            {"watch": "1", "sendInitialEvents": "true"},
            422,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            {"watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
            422,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            {"watch": "1", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "5"},
            422,
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (
            {"resourceVersionMatch": "NotOlderThan"},
            422,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            422,
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "5", "continue": "x"},
            422,
            "resourceVersionMatch is forbidden when continue is provided",
        ),
        (
            {"resourceVersionMatch": "Newest", "resourceVersion": "5"},
            422,
            'Unsupported value: "Newest"',
        ),
        ({"sendInitialEvents": "true"}, 422, "sendInitialEvents is forbidden for list"),
        ({"resourceVersion": "abc"}, 400, "invalid resource version"),
        ({"limit": "many"}, 400, "invalid syntax"),
        ({"labelSelector": "a=b,"}, 400, "unable to parse requirement"),
        ({"fieldSelector": "spec.nodeName=n"}, 400, "field label not supported: spec.nodeName"),
    ],
)
def test_what_a_server_refuses(query: dict[str, str], code: int, message: str) -> None:
    """Options that contradict each other are 422, those that can't be read are 400."""
    with pytest.raises(StatusError) as caught:
        parse_options(query, _SERVICES)
    assert caught.value.status.code == code
    assert message in caught.value.status.message


def test_without_the_feature_gate_a_watch_list_is_refused() -> None:
    """A server without WatchList says 422 to sendInitialEvents and doesn't default to it."""
    asked = {"watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    with pytest.raises(StatusError, match="unless the WatchList feature gate is enabled"):
        parse_options(asked, _SERVICES, watch_list=False)
    options = parse_options({"watch": "1"}, _SERVICES, watch_list=False)
    assert options.send_initial_events is None


@pytest.mark.parametrize("version", ["", "0"])
def test_a_watch_from_nowhere_is_a_watch_list(version: str) -> None:
    """With the gate on, a watch from "" or "0" is defaulted to send the initial events."""
    query = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true"}
    assert parse_options(query, _SERVICES).watch_list
    assert not parse_options(query | {"resourceVersion": "5"}, _SERVICES).watch_list


@pytest.mark.parametrize(
    "query, exact",
    [
        ({"resourceVersion": "5"}, False),
        ({"resourceVersion": "5", "limit": "10"}, True),
        ({"resourceVersion": "0", "limit": "10"}, False),
        ({"limit": "10"}, False),
        (
            {"resourceVersion": "5", "limit": "10", "resourceVersionMatch": "NotOlderThan"},
            False,
        ),
        ({"resourceVersion": "5", "resourceVersionMatch": "Exact"}, True),
    ],
)
def test_a_limit_with_a_version_means_exactly_that_version(
    query: dict[str, str], exact: bool
) -> None:
    """The old rule: a limit and a version without a match ask for that very state."""
    assert parse_options(query, _SERVICES).exact is exact


@pytest.mark.parametrize(
    "text, value", [("true", True), ("1", True), ("", True), ("false", False), ("0", False)]
)
def test_flags_are_read_as_go_reads_them(text: str, value: bool) -> None:
    """Everything but false and 0 is true."""
    assert parse_options({"watch": text}, _SERVICES).watch is value


def test_tokens_survive_the_trip() -> None:
    """A continue token holds its version and the key to go on at."""
    token = decode_token(encode_token(42, "d/web\0"))
    assert (token.rv, token.start) == (42, "d/web\0")


@pytest.mark.parametrize(
    "text", ["%%%", "eyJ2IjoxfQ", encode_token(0, "a"), encode_token(1, "../a")]
)
def test_a_bad_token_is_a_bad_request(text: str) -> None:
    """Garbage, another version, no version and a path upwards are refused with 400."""
    with pytest.raises(StatusError) as caught:
        decode_token(text)
    assert caught.value.status.code == 400
