"""Long lines made short: words stay whole, and what is one word but too long breaks at its joints.

A selector of forty labels is one word to `textwrap`, and names of 253 characters are legal. No line
comes out longer than asked for, whatever objects are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A long word may be cut after one of these: between labels, then inside of names.
_JOINTS = (",", ";", "=", "/", ":", "-", "_", ".")
_SPACES = re.compile(r" +")
#: Of a shell: what is in quotes belongs together.
_WORDS = re.compile(r"""(?:'[^']*'|"[^"]*"|[^ '"])+""")


def fold(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of at most `width` columns; `first` and `rest` stand before them."""
    lines: list[str] = []
    indent, line = first, ""
    for word in _SPACES.split(text.strip()):
        if line and len(indent) + len(line) + 1 + len(word) > width:
            lines.append(indent + line)
            indent, line = rest, ""
        *whole, left = _cut(word, width - max(len(first), len(rest)))
        for piece in whole:  # the word is longer than a line, so the line before is out
            lines.append(indent + piece)
            indent = rest
        line = f"{line} {left}" if line else left
    lines.append(indent + line)
    return lines


def _cut(word: str, width: int) -> Iterator[str]:
    """The pieces of a word, each of at most `width` columns; most words are one."""
    while len(word) > width:
        end = next(
            (at + 1 for joint in _JOINTS if (at := word.rfind(joint, width // 2, width)) >= 0),
            width,
        )
        yield word[:end]
        word = word[end:]
    yield word


def fold_command(command: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    r"""A shell command in lines that can be copied together: broken lines end in ` \`.

    A word that is too long for a line is broken too, where a shell puts it together again; one in
    quotes stays as it is, for there a shell would not.
    """
    lines: list[str] = []
    indent, line = first, ""
    *words, last = _WORDS.findall(command)
    for word, ending in [*((word, 2) for word in words), (last, 0)]:
        if line and len(indent) + len(line) + 1 + len(word) + ending > width:
            lines.append(f"{indent}{line} \\")
            indent, line = rest, ""
        line = f"{line} {word}" if line else word
    lines.append(indent + line)
    return [piece for whole in lines for piece in _break_word(whole, width)]


def _break_word(line: str, width: int) -> Iterator[str]:
    while len(line) > width and "'" not in line:
        # Nothing stands before what follows: a blank would end the word.
        at = next(
            (
                found + 1
                for joint in _JOINTS
                if (found := line.rfind(joint, width // 2, width - 1)) > 0
            ),
            width - 1,
        )
        yield line[:at] + "\\"
        line = line[at:]
    yield line
