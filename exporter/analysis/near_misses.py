"""Pods that a selector almost matches: the typo behind `SelectorMatchesNoPods`.

One walk over the Pods, and one look at each different label set; what is costlier than that is done
for a bounded number of them. Only asked for when somebody wants an explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

import msgspec

from exporter.objects.pods import Labels, Pod
from exporter.objects.services import Service

MOST_RESULTS = 3
# Distinct label sets that are compared in detail; each takes some ten microseconds.
_MOST_COMPARED = 1_000
_ALIKE = 0.6


class NearMiss(msgspec.Struct, frozen=True, gc=False):
    """Pods that the selector would match but for one pair, or but for their namespace.

    `count` Pods, `example` is the first of them by name. `key` and `wanted` are the pair that
    differs; `found` is the value that the Pods have there, None when they have no such label.
    `found_key` is another label of theirs that has the wanted value, "" when there is none. In
    another namespace all pairs match and `key`, `wanted` are "".
    """

    namespace: str
    count: int
    example: str
    key: str = ""
    wanted: str = ""
    found: str | None = None
    found_key: str = ""


class _Group(msgspec.Struct):
    count: int
    example: str


def find_near_misses(service: Service, pods: Iterable[Pod]) -> tuple[NearMiss, ...]:
    """At most three, the likeliest first; `pods` are all that are known, in any order.

    Finished Pods and those that are asked to stop don't count.
    """
    if not service.selector:
        return ()
    groups = _group(service, pods)
    scored: dict[tuple[object, ...], tuple[float, NearMiss]] = {}
    for (namespace, _), (labels, group) in groups.items():
        if namespace == service.namespace:
            miss = _compare(service.selector, labels)
        else:
            miss = (0.0, "", None, "")
        if miss is None:
            continue
        score, key_missed, found, found_key = miss
        wanted = service.selector.get(key_missed, "")
        _merge(
            scored,
            score,
            NearMiss(namespace, group.count, group.example, key_missed, wanted, found, found_key),
        )
    ranked = sorted(
        scored.values(),
        key=lambda item: (-item[0], -item[1].count, item[1].namespace, item[1].example),
    )
    if ranked and ranked[0][0] >= 1 + _ALIKE:
        # Beside a likely slip, Pods that merely share the other pairs only distract.
        ranked = [item for item in ranked if item[0] >= 1 + _ALIKE or item[1].key == ""]
    return tuple(miss for _, miss in ranked[:MOST_RESULTS])


def _group(service: Service, pods: Iterable[Pod]) -> dict[tuple[str, int], tuple[Labels, _Group]]:
    """Candidates by namespace and label set: all of the own one, elsewhere those that match."""
    own_namespace, wanted = service.namespace, service.selector.items()
    label, value = max(wanted)
    groups: dict[tuple[str, int], tuple[Labels, _Group]] = {}
    for pod in pods:
        labels = pod.labels
        # Elsewhere only a full match counts: one look sorts out nearly all of 100,000 Pods.
        if pod.namespace != own_namespace and (
            labels.get(label) != value or not wanted <= labels.items()
        ):
            continue
        if not pod.candidate:
            continue
        # Equal label sets are one object, so this compares no labels.
        held = groups.get((pod.namespace, id(labels)))
        if held is None:
            if len(groups) >= _MOST_COMPARED:
                continue
            groups[pod.namespace, id(labels)] = (labels, _Group(1, pod.name))
        else:
            held[1].count += 1
            held[1].example = min(held[1].example, pod.name)
    return groups


def _merge(
    scored: dict[tuple[object, ...], tuple[float, NearMiss]], score: float, miss: NearMiss
) -> None:
    """Pods of several ReplicaSets that miss in the same way are one near miss."""
    key = (miss.namespace, miss.key, miss.found, miss.found_key)
    if key in scored:
        other = scored[key][1]
        miss = msgspec.structs.replace(
            miss, count=miss.count + other.count, example=min(miss.example, other.example)
        )
    scored[key] = (score, miss)


def _compare(
    selector: Mapping[str, str], labels: Labels
) -> tuple[float, str, str | None, str] | None:
    """(score, key, found value, found key) when exactly one pair differs, else None."""
    missed = [key for key, value in selector.items() if labels.get(key) != value]
    if len(missed) != 1:
        return None
    key = missed[0]
    wanted, found = selector[key], labels.get(key)
    found_key = ""
    if found is None:
        others = [name for name, value in labels.items() if value == wanted]
        found_key = max(others, key=lambda name: (_likeness(name, key), name), default="")
    likeness = 1.0 if found_key else _likeness(found, wanted)
    if len(selector) == 1 and likeness < _ALIKE:
        # With one pair every Pod misses by one: only what looks like a slip is worth telling.
        return None
    return 1.0 + likeness, key, found, found_key


def _likeness(one: str | None, other: str) -> float:
    if one is None:
        return 0.0
    one, other = one.lower(), other.lower()
    if one == other:
        return 1.0
    if one and other and (one.startswith(other) or other.startswith(one)):
        return 0.9
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
