"""Who has a place among the connections, and who has to leave when there is none left.

It knows no protocol and no clock: what a connection does is told to it, with the time.

A connection is *proven* once a request on it was answered as its sender wished. Those which are
not may use a part of all places, and of them and of all the one that has been idle for longest
goes first: whoever only holds connections can't keep those out who use them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

#: Of four places so many may be used by connections that have proven nothing.
_SHARE = 3
#: Seconds for which a client may have taken nothing of its answer before it may have to leave.
_PATIENT = 1.0


class Seat:
    """The place of one connection. `cut` ends the connection at once."""

    __slots__ = ("address", "cut", "proven", "since", "waits_in")

    def __init__(self, address: str, cut: Callable[[], None]) -> None:
        self.address = address
        self.cut = cut
        self.proven = False
        self.since = 0.0
        self.waits_in: dict[Seat, None] | None = None


class Seats:
    """All places. Who waits stands in one of three queues, the longest waiting first."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._taken: set[Seat] = set()
        self._proven = 0
        # For a request: of who has proven nothing, and of the others. And to send on.
        self._strange: dict[Seat, None] = {}
        self._known: dict[Seat, None] = {}
        self._sending: dict[Seat, None] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[Seat]:
        return iter(tuple(self._taken))

    def enter(self, seat: Seat, now: float) -> bool:
        """Take a place, if need be that of another; False when nobody can be asked to leave."""
        full = len(self._taken) >= self.places
        strangers = len(self._taken) - self._proven
        if full or strangers >= max(1, self.places * _SHARE // 4):
            leaving = next(iter(self._strange), None)
            if leaving is None and full:
                leaving = next(iter(self._known), None) or self._find_stalled(now)
            if leaving is None:
                return False
            self.leave(leaving)
            leaving.cut()
        self._taken.add(seat)
        self._wait(seat, self._strange, now)
        return True

    def leave(self, seat: Seat) -> None:
        """Give the place back; once is enough, twice does no harm."""
        self.work(seat)
        if seat in self._taken:
            self._taken.discard(seat)
            self._proven -= seat.proven

    def work(self, seat: Seat) -> None:
        """A request is answered: this one is not asked to leave."""
        if seat.waits_in is not None:
            seat.waits_in.pop(seat, None)
            seat.waits_in = None

    def rest(self, seat: Seat, now: float) -> None:
        """It waits for the next request."""
        if seat in self._taken:
            self._wait(seat, self._known if seat.proven else self._strange, now)

    def send(self, seat: Seat, now: float) -> None:
        """It waits until its client takes more of an answer."""
        if seat in self._taken:
            self._wait(seat, self._sending, now)

    def prove(self, seat: Seat) -> None:
        """A request was answered as its sender wished."""
        if seat in self._taken and not seat.proven:
            seat.proven = True
            self._proven += 1

    def _wait(self, seat: Seat, queue: dict[Seat, None], now: float) -> None:
        self.work(seat)
        queue[seat] = None
        seat.waits_in, seat.since = queue, now

    def _find_stalled(self, now: float) -> Seat | None:
        first = next(iter(self._sending), None)
        return first if first is not None and now - first.since >= _PATIENT else None


def name_client(peer: object) -> str:
    """The address by which a client is counted, out of a socket's peer name.

    Of IPv6 the network of 64 bits, for a client has as many addresses as it likes in it.
    """
    if not isinstance(peer, tuple) or not peer:
        return "local"
    try:
        found = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return "local"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{ipaddress.IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
