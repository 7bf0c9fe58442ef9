"""The configuration file: YAML text in, (key, value, line) out. It knows no setting.

Scalars stay the text they are written as: with YAML's own types `pods: off` would be False and
`namespaces: [1234]` a number. Maps in maps are flattened, so `web: {config.file: x}` and
`web.config.file: x` are the same key.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml


class FileFault(Exception):  # noqa: N818 - the fault is the file's; it becomes a line of SettingsError
    """A file that can't be used: `line` counts from 1, None when no line is to blame."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


class Entry(msgspec.Struct, frozen=True):
    """One key of the file. `texts` is None when the value is neither a text nor a list of them.

    `listed`: it was written as a list.
    """

    key: str
    line: int
    texts: tuple[str, ...] | None
    listed: bool


# Deeper than any key has dots. It also ends what an alias to its own map would begin.
_DEEPEST = 4


def _says_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and (
        node.tag == "tag:yaml.org,2002:null" or not node.value
    )


def _flatten(node: yaml.MappingNode, prefix: str, depth: int) -> Iterator[Entry]:
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise FileFault(line, "a key must be a plain word")
        key = prefix + key_node.value
        if isinstance(value, yaml.MappingNode) and depth < _DEEPEST:
            yield from _flatten(value, f"{key}.", depth + 1)
        elif isinstance(value, yaml.ScalarNode):
            yield Entry(key, line, () if _says_nothing(value) else (value.value,), listed=False)
        elif isinstance(value, yaml.SequenceNode) and all(
            isinstance(item, yaml.ScalarNode) for item in value.value
        ):
            yield Entry(key, line, tuple(item.value for item in value.value), listed=True)
        else:
            yield Entry(key, line, None, listed=False)


def read_entries(content: bytes) -> list[Entry]:
    """The keys of a configuration file in their order; raises FileFault when it is none.

    An empty file has no keys. A key that stands there twice is a fault: one of them would lose
    silently.
    """
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise FileFault(None, "is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = " ".join(str(error.problem or error.context).split())
        raise FileFault(mark.line + 1 if mark else None, f"is not YAML: {problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise FileFault(None, f"is not YAML: {' '.join(reason.split())}") from error
    if root is None or _says_nothing(root):
        return []
    if not isinstance(root, yaml.MappingNode):
        raise FileFault(root.start_mark.line + 1, "must hold `key: value` lines")
    entries = list(_flatten(root, "", 1))
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.key in seen:
            raise FileFault(entry.line, f"{entry.key} stands in line {seen[entry.key]} already")
        seen[entry.key] = entry.line
    return entries
