"""An Explanation as text for a terminal, as a good colleague would put it. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from exporter.explaining.explanation import Explanation
from exporter.explaining.wording import escape_text, show_moment
from exporter.model import INTENDED

_WIDTH = 88
_BOLD, _RED, _YELLOW, _GREEN, _DIM, _RESET = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "2", "0")
)


def render_text(explanation: Explanation, *, colour: bool = False) -> str:
    """Verdict, since when, evidence, what to do next: lines, the last ended too.

    `colour`: with ANSI colours; nothing but those moves the terminal, whatever objects say.
    """
    lines = list(_lines(explanation, colour=colour))
    return "\n".join(lines) + "\n"


def _lines(explanation: Explanation, *, colour: bool) -> Iterator[str]:
    def paint(text: str, *codes: str) -> str:
        return f"{''.join(codes)}{text}{_RESET}" if colour else text

    name = escape_text(f"{explanation.namespace}/{explanation.service}")
    word, shade = _verdict(explanation)
    yield f"{paint(name, _BOLD)}: {paint(word, _BOLD, shade)}"
    yield from wrap(explanation.message, _WIDTH, break_on_hyphens=False)
    if explanation.since is not None:
        yield f"Since {show_moment(explanation.since, explanation.now)}."
    notes = [f"{k}: {v}" for k, v in _notes(explanation) if v]
    if notes:
        yield paint(", ".join(notes), _DIM)
    if explanation.evidence:
        yield ""
        yield paint("What is there", _BOLD)
        for item in explanation.evidence:
            yield from _item(item)
    yield ""
    yield paint("What to do", _BOLD)
    yield from (f"  {line}" for line in wrap(explanation.fix, _WIDTH - 2, break_on_hyphens=False))
    yield from (f"    {paint('$', _DIM)} {command}" for command in explanation.commands)


def _verdict(explanation: Explanation) -> tuple[str, str]:
    reason = explanation.reason
    if reason is not None:
        word = f"{reason} ({explanation.detail})" if explanation.detail else str(reason)
        return word, _YELLOW if reason in INTENDED else _RED
    if explanation.ready is None:
        return "unknown", _YELLOW
    return ("ready", _GREEN) if explanation.healthy else ("too few ready endpoints", _YELLOW)


def _notes(explanation: Explanation) -> Iterator[tuple[str, str]]:
    yield "severity", explanation.severity
    yield "owner", explanation.owner


def _item(text: str) -> list[str]:
    return wrap(
        text,
        _WIDTH,
        initial_indent="  - ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )
