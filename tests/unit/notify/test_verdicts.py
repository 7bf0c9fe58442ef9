from __future__ import annotations

import pytest

from exporter.notify.verdicts import Verdict, judge_status, read_retry_after

#: 1994-11-06 08:49:37 UTC, the example of RFC 9110.
THEN = 784111777.0


@pytest.mark.parametrize(
    "statuses,verdict",
    [
        ((200, 201, 202, 204, 299), Verdict.ACCEPTED),
        ((408, 429, 500, 502, 503, 504, 599), Verdict.RETRY),
        ((301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 422), Verdict.REFUSED),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], verdict: Verdict) -> None:
    """Of 4xx only 408 and 429 are tried again; a redirect is not followed, nor tried again."""
    assert {judge_status(status) for status in statuses} == {verdict}


@pytest.mark.parametrize(
    "header,seconds",
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30.0),
        ("Sun, 06 Nov 1994 08:48:37 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("9" * 40, 999999999.0),
    ],
)
def test_how_long_a_receiver_asks_to_wait(header: str | None, seconds: float | None) -> None:
    """A number or a date, as HTTP has it; what is neither says nothing."""
    assert read_retry_after(header, THEN - 30) == seconds
