from __future__ import annotations

import pytest

from exporter.analysis.counts import count_addresses, count_pairs
from exporter.analysis.merge import Merged, merge_slices
from exporter.model import AddressCounts
from exporter.objects.slices import EndpointSlice
from tests.unit.apiserver import Json, decode, endpoint, slice_of


def slices(*found: Json) -> list[EndpointSlice]:
    """The slices, decoded."""
    return [decode(one) for one in found]  # type: ignore[misc]


def merged(*states: str) -> Merged:
    """As many IPv4 addresses, in these states."""
    return merge_slices(slices(slice_of(*(endpoint(f".{n}", s) for n, s in enumerate(states, 1)))))


@pytest.mark.parametrize(
    "states,expected",
    [
        ((), (0, 0, 0, 0)),
        (("TTF", "TTF", "TTF"), (3, 0, 3, 0)),
        (("---", "---"), (2, 0, 2, 0)),
        (("FFF",), (0, 1, 0, 0)),
        (("TTF", "FTT", "FFF"), (1, 2, 2, 1)),
        (("FTT", "FTT"), (0, 2, 2, 2)),
        (("FFT", "FFT"), (0, 2, 0, 2)),
        (("TFF",), (1, 0, 0, 0)),
        (("TTT", "FTF"), (1, 1, 2, 1)),
    ],
)
def test_states_are_counted_each_by_itself(
    states: tuple[str, ...], expected: tuple[int, int, int, int]
) -> None:
    """Ready and not ready make the whole; serving and terminating overlap both."""
    assert count_addresses(merged(*states), ("IPv4",)) == (AddressCounts("IPv4", *expected),)


def test_every_family_is_counted_and_what_else_there_is() -> None:
    """Families of the Service in its order, zeros too, then further types in order of name."""
    found = merge_slices(
        slices(
            slice_of(endpoint("fd00::1"), addressType="IPv6"),
            slice_of({"addresses": ["b.example.com"]}, name="f", addressType="FQDN"),
            slice_of(name="e", addressType="Carrier"),
        )
    )
    assert count_addresses(found, ("IPv6", "IPv4")) == (
        AddressCounts("IPv6", 1, 0, 1, 0),
        AddressCounts("IPv4", 0, 0, 0, 0),
        AddressCounts("Carrier", 0, 0, 0, 0),
        AddressCounts("FQDN", 1, 0, 1, 0),
    )


def test_legacy_endpoints_know_one_family_and_no_serving() -> None:
    """The second family is left out unless something is there, and what is unknown is None."""
    assert count_addresses(merged("TTF"), ("IPv4", "IPv6"), states_known=False) == (
        AddressCounts("IPv4", 1, 0, None, None),
    )
    assert count_addresses(merged("TTF"), ("IPv6", "IPv4"), states_known=False) == (
        AddressCounts("IPv6", 0, 0, None, None),
        AddressCounts("IPv4", 1, 0, None, None),
    )


@pytest.mark.parametrize(
    "states,publish,expected",
    [
        (("TTF", "TTF"), False, (4, 0)),
        (("TTF", "FFF"), False, (2, 2)),
        (("TTF", "FTT"), False, (2, 0)),
        (("TTF", "TFT"), True, (4, 0)),
    ],
)
def test_pairs_as_endpoints_hold_them(
    states: tuple[str, ...], publish: bool, expected: tuple[int, int]
) -> None:
    """Addresses times ports of the first family; terminating ones only when published."""
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090}]
    found = slices(
        slice_of(*(endpoint(f".{n}", s) for n, s in enumerate(states, 1)), ports=ports),
        slice_of(endpoint("fd00::1"), name="s-6", addressType="IPv6", ports=ports),
    )
    assert count_pairs(found, "IPv4", publish_not_ready=publish) == expected


def test_a_pair_that_is_ready_somewhere_is_ready() -> None:
    """The same pair in two slices counts once."""
    found = slices(slice_of(endpoint(".1", "FFF")), slice_of(endpoint(".1"), name="s-2"))
    assert count_pairs(found, "IPv4", publish_not_ready=False) == (1, 0)


def test_without_ports_there_are_no_pairs() -> None:
    """An address alone is no pair."""
    found = slices(slice_of(endpoint(".1"), ports=None))
    assert count_pairs(found, "IPv4", publish_not_ready=False) == (0, 0)
