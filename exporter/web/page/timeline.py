"""The last hours of a Service as a bar, and as a list that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from exporter.explaining.durations import human_duration
from exporter.model import Transition
from exporter.web.page.parts import ago

#: Seconds that the bar shows at most and at least.
_MOST = 6 * 3600
_LEAST = 600
_WIDTH = 1000
_LISTED = 30


def write_timeline(changes: Sequence[Transition], now: float) -> str:
    """HTML; the newest is last in the bar and first in the list."""
    if not changes:
        return "<p>Nothing has changed since the exporter began to look.</p>\n"
    moments = [change.at for change in changes if change.at is not None]
    span = min(max(now - min(moments, default=now) + 60, _LEAST), _MOST)
    bars = []
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        begin = max(change.at or 0.0, now - span)
        end = now if following is None or following.at is None else following.at
        left, right = (_place(moment, now, span) for moment in (begin, end))
        if right > left:
            bars.append(
                f'<rect class="{change.standing}" x="{left:.1f}" y="0" '
                f'width="{max(right - left, 2):.1f}" height="24">'
                f"<title>{escape(_words(change))}</title></rect>"
            )
    items = "".join(
        f"<li>{ago(change.at, now) + ' ago' if change.at is not None else 'at first'}: "
        f"{escape(_words(change))}</li>\n"
        for change in reversed(changes[-_LISTED:])
    )
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDTH} 24" preserveAspectRatio="none" role="img" '
        f'aria-label="The last {human_duration(span)}; the list below says the same">'
        f"{''.join(bars)}</svg>\n"
        f'<p class="scale"><span>{human_duration(span)} ago</span><span>now</span></p>\n'
        f'<ol class="changes">\n{items}</ol>\n'
    )


def _place(moment: float, now: float, span: float) -> float:
    return min(max((moment - (now - span)) / span, 0.0), 1.0) * _WIDTH


def _words(change: Transition) -> str:
    if not change.known:
        return "can’t be told"
    counts = f"{change.ready} ready, {change.not_ready} not ready"
    words = (change.reason, change.detail, *change.findings)
    why = " · ".join(str(word) for word in words if word)
    return f"{change.standing}: {f'{why}; ' if why else ''}{counts}"
