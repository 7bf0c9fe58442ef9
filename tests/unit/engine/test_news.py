from __future__ import annotations

import pytest

from exporter.engine.news import News, Ration, read_news
from exporter.engine.transitions import Story
from exporter.model import FindingCode, Reason, ServiceKey, Standing, Transition

KEY = ServiceKey("shop", "web")
UP = Transition(None, True, None, None, 2, 0, Standing.READY)
DOWN = Transition(100.0, True, Reason.IMAGE_PULL, None, 0, 2, Standing.DOWN)
OTHERWISE_DOWN = Transition(100.0, True, Reason.NO_ENDPOINTS, None, 0, 2, Standing.DOWN)
SINGLE = Transition(
    100.0, True, None, None, 1, 0, Standing.READY, findings=(FindingCode.SINGLE_POINT,)
)
FEWER = Transition(100.0, True, None, None, 1, 1, Standing.READY)
DARK = Transition(100.0, False, None, None, 0, 0, Standing.UNKNOWN)


@pytest.mark.parametrize(
    "before,after,news",
    [
        (UP, DOWN, News("shop", "web", Standing.READY, Standing.DOWN, Reason.IMAGE_PULL, (), 0)),
        (
            DOWN,
            OTHERWISE_DOWN,
            News("shop", "web", Standing.DOWN, Standing.DOWN, Reason.NO_ENDPOINTS, (), 0),
        ),
        (
            UP,
            SINGLE,
            News(
                "shop",
                "web",
                Standing.READY,
                Standing.READY,
                None,
                (FindingCode.SINGLE_POINT,),
                1,
            ),
        ),
        (UP, DARK, News("shop", "web", Standing.READY, Standing.UNKNOWN, None, (), None)),
        (UP, FEWER, None),
        (None, DOWN, None),
        (None, None, None),
    ],
)
def test_standing_reason_and_findings_are_news(
    before: Transition | None, after: Transition | None, news: News | None
) -> None:
    """Another number alone is none, nor is a Service that comes or goes; unknown is not zero."""
    assert read_news(KEY, Story(anew=before is None, before=before, after=after)) == news


def test_a_ration_counts_what_it_leaves_out() -> None:
    """Two a minute: the third and fourth are left out, and told once when the minute is over."""
    ration = Ration(2, 60.0)
    assert [ration.take(now) for now in (10.0, 11.0, 12.0, 69.0)] == [True, True, False, False]
    assert [ration.settle(now) for now in (69.9, 70.0, 71.0)] == [0, 2, 0]
    assert [ration.take(now) for now in (80.0, 81.0, 82.0)] == [True, True, False]
    assert ration.settle(139.9) == 0
    assert ration.settle(140.0) == 1
