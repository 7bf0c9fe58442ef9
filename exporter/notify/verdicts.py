"""What an answer of a receiver means, and when to try again: values, and no clock."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import StrEnum

#: Besides 5xx: the receiver had no time, or no room.
_LATER = frozenset({408, 429})


class Verdict(StrEnum):
    """What is done about a message that was answered, or was not."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


def judge_status(status: int) -> Verdict:
    """2xx is taken; 408, 429 and 5xx are tried again; all else would be answered the same again.

    A redirect is among the latter: the secret would go to whoever it names.
    """
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    return Verdict.RETRY if status in _LATER or status >= 500 else Verdict.REFUSED


def read_retry_after(header: str | None, now: float) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3)."""
    if header is None or not header.isascii():
        return None
    text = header.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
