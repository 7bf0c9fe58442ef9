"""How long to wait after a failure: longer each time, never in step with others."""

from __future__ import annotations

import msgspec

FIRST_SECONDS = 0.8
LONGEST_SECONDS = 30.0
RESET_SECONDS = 120.0

#: A server may ask for more patience than anyone who waits for metrics has.
RETRY_AFTER_SECONDS = 300.0


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
        if since is None or now - since > RESET_SECONDS:
            failures, since = 0, now
        seconds = min(FIRST_SECONDS * 2 ** min(failures, 10), LONGEST_SECONDS) * (1 + chance)
        if retry_after is not None:
            seconds = max(seconds, min(retry_after, RETRY_AFTER_SECONDS))
        return seconds, Backoff(failures + 1, since)
