"""What clients can bring into the log: so many lines a minute, of each address one."""

from __future__ import annotations

#: Seconds for which an address that was told of is not told of again.
_QUIET = 60.0
#: Lines in this time, of all addresses together.
_MOST = 10


class Notices:
    """Says whether a warning about an address may be logged now. Its memory is bounded."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def allows(self, address: str, now: float) -> bool:
        """Whether to tell; `now` is any clock's time in seconds."""
        for one in [one for one, at in self._told.items() if now - at >= _QUIET]:
            del self._told[one]
        if address in self._told or len(self._told) >= _MOST:
            return False
        self._told[address] = now
        return True
