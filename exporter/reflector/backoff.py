"""How long to wait after a failure: longer each time, never in step with others."""

from __future__ import annotations

import msgspec

FIRST = 0.8
CAP = 30.0
RESET_AFTER = 120.0

#: A server may ask for more patience than anyone who waits for metrics has.
LONGEST_RETRY_AFTER = 300.0


class Backoff(msgspec.Struct, frozen=True, gc=False):
    """Failures in a row, and since when they are counted (monotonic seconds; None: never)."""

    failures: int = 0
    since: float | None = None

    def wait(
        self, now: float, chance: float, retry_after: float | None = None
    ) -> tuple[float, Backoff]:
        """Seconds to rest, and the state after it. `chance` is in [0, 1).

        0.8 s, doubled up to 30 s, each plus up to as much again. It starts anew two minutes after
        it last did, under continuous failure too (client-go's backoff manager: `lastStart` moves
        with a reset alone), so a server that comes back is found within a minute.
        """
        failures, since = self.failures, self.since
        if since is None or now - since > RESET_AFTER:
            failures, since = 0, now
        seconds = min(FIRST * 2 ** min(failures, 10), CAP) * (1 + chance)
        if retry_after is not None:
            seconds = max(seconds, min(retry_after, LONGEST_RETRY_AFTER))
        return seconds, Backoff(failures + 1, since)
