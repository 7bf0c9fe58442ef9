"""Which Nodes are the worst to lose: for one Service, and for all of them at once.

Only a choice by numbers is made here; what it comes to is judged like everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, combinations
from math import comb

import msgspec

from exporter.analysis.facts import Facts
from exporter.analysis.merge import ready_entries
from exporter.model import ServiceKey
from exporter.objects.slices import READY

#: Services looked at, over all sets of Nodes: beyond that the search is greedy.
MOST_LOOKS = 300_000
#: Nodes of one Service that the greedy search takes at once: it looks at all subsets of them.
_MOST_AT_ONCE = 4


class Method(StrEnum):
    """How the worst set for all Services was found."""

    EXACT = "exact"
    GREEDY = "greedy"


class Spread(msgspec.Struct, frozen=True):
    """Where the ready addresses of a Service are.

    `reached` counts those that traffic reaches by Node ("": nobody knows where); `families` count
    all ready ones of each address type. `least` is how many the owner wants, 0 where the Service
    has fewer as it is.
    """

    key: ServiceKey
    reached: dict[str, int]
    families: tuple[dict[str, int], ...]
    least: int

    def falls(self, lost: Collection[str]) -> bool:
        """Whether nothing is left that traffic reaches."""
        return all(node in lost for node in self.reached)

    def is_short(self, lost: Collection[str]) -> bool:
        """Whether fewer are left, in the best family, than the owner wants."""
        return self._best(lost) < self.least

    def _best(self, lost: Collection[str]) -> int:
        return max(
            (
                sum(count for node, count in family.items() if node not in lost)
                for family in self.families
            ),
            default=0,
        )

    def worst(self, number: int) -> frozenset[str]:
        """The Nodes whose loss leaves this Service least.

        All of them where it would be down; else those with most ready addresses: a Node takes its
        own and no other's, so that no other choice takes more of them.
        """
        known = [node for node in self.reached if node]
        if len(known) <= number:
            return frozenset(known)
        total = _count_addresses([self])
        total.pop("", None)
        return frozenset(sorted(total, key=lambda node: (-total[node], node))[:number])


def spread_of(key: ServiceKey, facts: Facts) -> Spread:
    """The Spread of a Service."""
    ready = list(ready_entries(facts.merged))
    reached = facts.reach.reached
    families = tuple(
        dict(Counter(entry.node for entry in entries.values() if entry.flags & READY))
        for entries in facts.merged.values()
    )
    best = max((counts.ready for counts in facts.counts), default=0)
    least = facts.policy.min_ready
    return Spread(
        key,
        dict(Counter(entry.node for entry in (ready if reached is None else reached))),
        families,
        least if best >= least else 0,
    )


def find_worst(spreads: Sequence[Spread], number: int) -> tuple[frozenset[str], Method]:
    """The Nodes whose loss at once takes most Services down, then most below what is wanted.

    Then those that take most ready addresses, then the first by name. Exact for one Node, and for
    more while the sets to look at are few enough; else greedy: again and again the Nodes that take
    most Services down for each Node that they are.
    """
    nodes = sorted({node for one in spreads for node in chain(one.reached, *one.families) if node})
    number = min(number, len(nodes))
    if number == 0:
        return frozenset(), Method.EXACT
    if number == 1:
        return frozenset([_find_one(spreads)]), Method.EXACT
    if comb(len(nodes), number) * len(spreads) <= MOST_LOOKS:
        sets = (frozenset(chosen) for chosen in combinations(nodes, number))
        return min(sets, key=lambda chosen: _harm(spreads, chosen)), Method.EXACT
    return _search(spreads, nodes, number), Method.GREEDY


def _harm(spreads: Iterable[Spread], lost: frozenset[str]) -> tuple[int, int, int]:
    """Less is worse: Services down, Services below, addresses lost, each negated."""
    down = short = gone = 0
    for one in spreads:
        if one.falls(lost):
            down += 1
        elif one.is_short(lost):
            short += 1
        gone += sum(count for node, count in _addresses(one) if node in lost)
    return -down, -short, -gone


def _addresses(one: Spread) -> Iterator[tuple[str, int]]:
    return chain.from_iterable(family.items() for family in one.families)


def _count_addresses(spreads: Iterable[Spread]) -> Counter[str]:
    """Ready addresses by Node."""
    total: Counter[str] = Counter()
    for one in spreads:
        for family in one.families:
            total.update(family)
    return total


def _find_one(spreads: Sequence[Spread]) -> str:
    down: Counter[str] = Counter()
    short: Counter[str] = Counter()
    gone = _count_addresses(spreads)
    for one in spreads:
        for node in {*one.reached, *(node for node, _ in _addresses(one))}:
            if one.falls((node,)):
                down[node] += 1
            elif one.least and one.is_short((node,)):
                short[node] += 1
    gone.pop("", None)
    return min(gone, key=lambda node: (-down[node], -short[node], -gone[node], node))


def _search(spreads: Sequence[Spread], nodes: Sequence[str], number: int) -> frozenset[str]:
    lost: frozenset[str] = frozenset()
    gone = _count_addresses(spreads)
    while (room := number - len(lost)) > 0:
        # What each Service still stands on: it falls with that.
        props: Counter[frozenset[str]] = Counter(
            frozenset(one.reached.keys() - lost)
            for one in spreads
            if "" not in one.reached and 0 < len(one.reached.keys() - lost) <= room
        )
        if not props:
            rest = sorted(set(nodes) - lost, key=lambda node: (-gone[node], node))
            return lost | frozenset(rest[:room])
        first = min(props, key=lambda chosen: _price(chosen, props, gone))
        lost |= first
    return lost


def _price(
    chosen: frozenset[str], props: Counter[frozenset[str]], gone: Counter[str]
) -> tuple[float, int, list[str]]:
    """Less is worse: Services that fall for each Node, addresses lost, names."""
    falls = props[chosen]
    if 1 < len(chosen) <= _MOST_AT_ONCE:
        falls = sum(
            props[frozenset(part)]
            for size in range(1, len(chosen) + 1)
            for part in combinations(sorted(chosen), size)
        )
    return -falls / len(chosen), -sum(gone[node] for node in chosen), sorted(chosen)
