from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.foresight import worst
from exporter.foresight.worst import Method, Spread, find_worst
from exporter.model import ServiceKey
from tests.unit.foresight.worlds import TWO, foretold, outcomes, served


def spread(name: str, *nodes: str, least: int = 1) -> Spread:
    """A Service with a ready address on each of these Nodes."""
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node] = counts.get(node, 0) + 1
    return Spread(ServiceKey("d", name), counts, (counts,), least)


@pytest.mark.parametrize(
    "nodes,number,told",
    [
        (("a", "b"), 1, {"a"}),
        (("a", "b", "b"), 1, {"b"}),
        (("a", "b", "b", "c"), 2, {"a", "b"}),
        (("a", "b"), 5, {"a", "b"}),
        (("", "a"), 1, {"a"}),
        ((), 1, set()),
    ],
)
def test_the_worst_nodes_for_one_service(
    nodes: tuple[str, ...], number: int, told: set[str]
) -> None:
    """Those with most of its addresses; an unknown Node is none."""
    assert spread("s", *nodes).worst(number) == told


@pytest.mark.parametrize(
    "spreads,number,told",
    [
        ([spread("s", "a"), spread("t", "b"), spread("u", "b")], 1, {"b"}),
        ([spread("s", "a", "b", least=2), spread("t", "b", "c", least=2)], 1, {"b"}),
        ([spread("s", "a", "b", "b"), spread("t", "c", "d")], 1, {"b"}),
        ([spread("s", "a", "b"), spread("t", "a", "b"), spread("u", "c")], 2, {"a", "b"}),
        ([spread("s", "a", ""), spread("t", "b")], 1, {"b"}),
        ([spread("s", "a")], 3, {"a"}),
        ([], 2, set()),
        ([spread("s", "")], 1, set()),
    ],
)
@pytest.mark.parametrize("most", [worst.MOST_LOOKS, 0], ids=["exact", "greedy"])
def test_the_worst_nodes_for_all(
    monkeypatch: pytest.MonkeyPatch,
    spreads: list[Spread],
    number: int,
    told: set[str],
    most: int,
) -> None:
    """Most Services down, then most below what is wanted, then most addresses."""
    monkeypatch.setattr(worst, "MOST_LOOKS", most)

    assert find_worst(spreads, number)[0] == told


def test_how_it_was_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One Node is always exact; several are while the sets are few."""
    several = [spread("s", "a", "b", "c"), spread("t", "c", "d")]

    assert [find_worst(several, number)[1] for number in (1, 2)] == [Method.EXACT, Method.EXACT]
    monkeypatch.setattr(worst, "MOST_LOOKS", 0)
    assert [find_worst(several, number)[1] for number in (1, 2)] == [Method.EXACT, Method.GREEDY]


_NODES = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6)


@given(st.lists(_NODES, min_size=1, max_size=6), st.integers(1, 3))
def test_no_set_takes_more_down_than_the_exact_one(services: list[list[str]], number: int) -> None:
    """Compared with every set there is; and of one Service no choice leaves less."""
    spreads = [spread(f"s{n}", *nodes) for n, nodes in enumerate(services)]
    every = sorted({node for nodes in services for node in nodes})
    chosen, method = find_worst(spreads, number)
    sets = [set(some) for some in combinations(every, min(number, len(every)))]

    assert method is Method.EXACT
    assert sum(one.falls(chosen) for one in spreads) == max(
        sum(one.falls(some) for one in spreads) for some in sets
    )
    for one, nodes in zip(spreads, services, strict=True):
        left = sum(node not in one.worst(number) for node in nodes)
        assert left == min(sum(node not in some for node in nodes) for some in sets)


def test_each_service_loses_its_own_worst_nodes() -> None:
    """The list is by Service; what falls at once, and with which Nodes, is told beside."""
    found = foretold(
        served("s", "n1", "n2"),
        served("t", "n3"),
        served("u", "n1"),
        served("v", "n3", "n2", "n3", metadata=TWO),
        worst=1,
    )

    assert outcomes(found) == {"t": "down 0", "u": "down 0", "v": "below-min-ready 1"}
    assert found.worst is not None
    assert (found.worst.nodes, found.worst.method) == (("n3",), Method.EXACT)
    assert [one.key.name for one in found.worst.effects] == ["t", "v"]
