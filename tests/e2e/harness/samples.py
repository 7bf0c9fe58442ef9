"""Samples of an exposition as a mapping that tests compare; parsed by prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from prometheus_client.parser import text_string_to_metric_families

SampleKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
Samples: TypeAlias = dict[SampleKey, float]


def parse_samples(text: str) -> Samples:
    """Return every sample by (name, sorted labels); AssertionError for a duplicate series."""
    parse: Callable[[str], Iterable[Any]] = text_string_to_metric_families
    samples: Samples = {}
    for family in parse(text):
        for sample in family.samples:
            key = make_key(sample.name, sample.labels)
            assert key not in samples, f"the series {key} is there twice"
            samples[key] = sample.value
    return samples


def make_key(name: str, labels: Mapping[str, str]) -> SampleKey:
    """Return the key under which a sample lies; an empty label is the same as none."""
    return name, tuple(sorted(pair for pair in labels.items() if pair[1]))


def select(samples: Samples, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Return a family's samples that have at least these labels, keyed by the other labels."""
    wanted = labels.items()
    return {
        tuple(pair for pair in pairs if pair not in wanted): value
        for (family, pairs), value in samples.items()
        if family == name and wanted <= dict(pairs).items()
    }


def select_one(samples: Samples, name: str, **labels: str) -> float | None:
    """Return the value of the one sample with at least these labels, or None when there is none."""
    found = select(samples, name, **labels)
    assert len(found) <= 1, f"{name}{labels} is ambiguous: {sorted(found)}"
    return next(iter(found.values()), None)


def keep_prefix(samples: Samples, *prefixes: str) -> Samples:
    """Return the samples whose names start with one of the prefixes."""
    return {key: value for key, value in samples.items() if key[0].startswith(prefixes)}
