"""YAML as configuration files are read: strict, and every scalar stays the text that was written.

With YAML's own types `pods: off` would be False and a user called `1234` a number. What could make
a line lose silently, or a small file grow, is a fault: a key that stands there twice, an alias, a
second document. It reads no file, and never shows a value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

#: Maps and lists in each other; no configuration needs as many.
_DEEPEST = 20

# A library's words may repeat what stands in the file. Names of its own tokens are in <>.
_QUOTED = re.compile(r"'[^']*'")


class YamlFault(Exception):  # noqa: N818 - the fault is the file's
    """A text that can't be used: `line` counts from 1, None when no line is to blame."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


def compose_map(content: bytes) -> yaml.MappingNode | None:
    """The map that the text holds, None for an empty text; raises YamlFault.

    Keys are scalars and occur once in their map; there are no aliases.
    """
    try:
        text = content.decode("utf-8-sig")
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader))
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise YamlFault(None, "is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        told = _QUOTED.sub(_hide, " ".join(str(error.problem or error.context).split()))
        raise YamlFault(mark.line + 1 if mark else None, f"is not YAML: {told}") from error
    except yaml.reader.ReaderError as error:
        raise YamlFault(None, f"is not YAML: {error.reason}") from error
    except yaml.YAMLError as error:
        raise YamlFault(None, "is not YAML") from error
    if root is None or says_nothing(root):
        return None
    if not isinstance(root, yaml.MappingNode):
        raise YamlFault(root.start_mark.line + 1, "must hold `key: value` lines")
    _check(root, "")
    return root


def says_nothing(node: yaml.Node) -> bool:
    """Whether a value is null or empty."""
    return isinstance(node, yaml.ScalarNode) and (
        node.tag == "tag:yaml.org,2002:null" or not node.value
    )


def make_plain(node: yaml.Node | None) -> object:
    """Texts, lists and maps; null is "", as it is where everything is text."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: make_plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [make_plain(each) for each in node.value]
    return "" if node is None or says_nothing(node) else str(node.value)


def _hide(quoted: re.Match[str]) -> str:
    word = quoted[0]
    return word if len(word) <= 3 or word.startswith("'<") else "'…'"


def _check_events(events: Iterable[yaml.Event]) -> None:
    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent):
            # A few lines of them stand for more than any memory holds.
            raise YamlFault(line, "is not taken: it has an alias (*)")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise YamlFault(line, "is nested too deeply")


def _check(node: yaml.Node, place: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _check(each, place)
    elif isinstance(node, yaml.MappingNode):
        _check_map(node, place)


def _check_map(node: yaml.MappingNode, place: str) -> None:
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlFault(line, "a key must be a plain word")
        if key.value in lines:
            # One of them would be left out, and with it a user or a whole block.
            raise YamlFault(line, f"{place}{key.value} stands in line {lines[key.value]} already")
        lines[key.value] = line
        _check(value, f"{place}{key.value}.")
