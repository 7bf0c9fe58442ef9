"""An Explanation as text for a terminal, as a good colleague would put it. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.explaining.explanation import Explanation
from exporter.explaining.folding import fold, fold_command
from exporter.explaining.told import Told
from exporter.explaining.wording import escape_text, show_moment
from exporter.model import Standing, Weight

_WIDTH = 88
#: A command is to be copied: it is broken only where a terminal of this width would.
_COMMAND_WIDTH = 180
#: Whatever a cluster holds, nobody reads more lines than these.
_MOST_LINES = 100

_BOLD, _RED, _YELLOW, _GREEN, _DIM, _RESET = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "2", "0")
)
_SHADES = {
    Standing.DOWN: _RED,
    Standing.READY: _GREEN,
}


class _Painter:
    """Colours, or none: nothing but these moves the terminal, whatever objects say."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, *codes: str) -> str:
        return f"{''.join(codes)}{text}{_RESET}" if self._colour else text


def render_text(explanation: Explanation, *, colour: bool = False) -> str:
    """Verdict, since when, evidence, each finding, what to do: lines, the last ended too.

    At most 100 lines, and no line is longer than a terminal is wide.
    """
    paint = _Painter(colour=colour)
    lines = [*_open(explanation, paint), *_facts(explanation, paint), *_todo(explanation, paint)]
    for told in explanation.findings:
        lines += _finding(told, paint, again=not _is_headline(explanation, told))
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [paint("More is cut off here; -o json prints all of it.", _DIM)]
    return "\n".join(lines) + "\n"


def _is_headline(explanation: Explanation, told: Told) -> bool:
    """Whether the finding's sentence stands on top already."""
    return (told.message, told.fix) == (explanation.message, explanation.fix)


def _open(explanation: Explanation, paint: _Painter) -> Iterator[str]:
    name = f"{explanation.namespace}/{explanation.service}"
    verdict = paint(_verdict(explanation), _BOLD, _SHADES.get(explanation.standing, _YELLOW))
    yield f"{paint(escape_text(name), _BOLD)}: {verdict}"
    yield from fold(explanation.message, _WIDTH)
    if explanation.since is not None:
        moment = show_moment(explanation.since, explanation.now)
        yield f"Since {moment}." if explanation.seen else f"At least since {moment}."
    notes = [("severity", explanation.severity), ("owner", explanation.owner)]
    told = ", ".join(f"{key}: {value}" for key, value in notes if value)
    if told:
        yield from (paint(line, _DIM) for line in fold(told, _WIDTH))


def _verdict(explanation: Explanation) -> str:
    """`down, CrashLoopBackOff (OOMKilled)`, `degraded, HalfUnready`, `ready`."""
    words = [str(explanation.standing)]
    if explanation.reason is not None:
        detail = f" ({explanation.detail})" if explanation.detail else ""
        words.append(f"{explanation.reason}{detail}")
    words += [str(one.code) for one in explanation.findings if _is_headline(explanation, one)]
    return ", ".join(words)


def _facts(explanation: Explanation, paint: _Painter) -> Iterator[str]:
    if explanation.evidence:
        yield ""
        yield paint("What is there", _BOLD)
        yield from _items(explanation.evidence)


def _todo(explanation: Explanation, paint: _Painter) -> Iterator[str]:
    """What to do about the reason; a finding's own stands with the finding."""
    if any(_is_headline(explanation, told) for told in explanation.findings):
        return
    yield ""
    yield paint("What to do", _BOLD)
    yield from fold(explanation.fix, _WIDTH, first="  ", rest="  ")
    yield from _commands(explanation.commands, paint)


def _finding(told: Told, paint: _Painter, *, again: bool) -> Iterator[str]:
    shade = _YELLOW if told.weight is Weight.WARNING else _DIM
    yield ""
    yield f"{paint(str(told.code), _BOLD, shade)} ({told.weight})"
    if again:
        yield from fold(told.message, _WIDTH, first="  ", rest="  ")
    yield from _items(told.evidence)
    yield from fold(told.fix, _WIDTH, first="  ", rest="  ")
    yield from _commands(told.commands, paint)


def _items(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield from fold(line, _WIDTH, first="  - ", rest="    ")


def _commands(commands: Sequence[str], paint: _Painter) -> Iterator[str]:
    for command in commands:
        head, *rest = fold_command(command, _COMMAND_WIDTH, rest="        ")
        yield f"    {paint('$', _DIM)} {head}"
        yield from rest
