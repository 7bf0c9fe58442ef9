"""The configuration file: YAML text in, (key, value, line) out. It knows no setting.

Maps in maps are flattened, so `web: {config.file: x}` and `web.config.file: x` are the same key.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml

from exporter.plain_yaml import YamlFault, compose_map, says_nothing


class Entry(msgspec.Struct, frozen=True):
    """One key of the file. `texts` is None when the value is neither a text nor a list of them.

    `listed`: it was written as a list.
    """

    key: str
    line: int
    texts: tuple[str, ...] | None
    listed: bool


# Deeper than any key has dots.
_DEEPEST = 4


def _flatten(node: yaml.MappingNode, prefix: str, depth: int) -> Iterator[Entry]:
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        key = prefix + key_node.value
        if isinstance(value, yaml.MappingNode) and depth < _DEEPEST:
            yield from _flatten(value, f"{key}.", depth + 1)
        elif isinstance(value, yaml.ScalarNode):
            yield Entry(key, line, () if says_nothing(value) else (value.value,), listed=False)
        elif isinstance(value, yaml.SequenceNode) and all(
            isinstance(item, yaml.ScalarNode) for item in value.value
        ):
            yield Entry(key, line, tuple(item.value for item in value.value), listed=True)
        else:
            yield Entry(key, line, None, listed=False)


def read_entries(content: bytes) -> list[Entry]:
    """The keys of a configuration file in their order; raises YamlFault when it is none.

    An empty file has no keys. A key that stands there twice is a fault: one of them would lose
    silently.
    """
    root = compose_map(content)
    if root is None:
        return []
    entries = list(_flatten(root, "", 1))
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.key in seen:
            raise YamlFault(entry.line, f"{entry.key} stands in line {seen[entry.key]} already")
        seen[entry.key] = entry.line
    return entries
