from __future__ import annotations

import pytest

from exporter.server.seats import Seat, Seats, name_client


class Room:
    """Seats whose connections are known by names, and which of them were cut."""

    def __init__(self, places: int) -> None:
        self.seats = Seats(places)
        self.named: dict[str, Seat] = {}
        self.cut: list[str] = []

    def enter(self, name: str, now: float) -> bool:
        """A new connection."""
        self.named[name] = Seat("a", lambda: self.cut.append(name))
        return self.seats.enter(self.named[name], now)

    def know(self, name: str, now: float) -> None:
        """It asks, is answered, and waits again."""
        self.seats.work(self.named[name])
        self.seats.prove(self.named[name])
        self.seats.rest(self.named[name], now)


def test_who_has_proven_nothing_goes_first() -> None:
    """Of those the longest idle one; a connection that is known stays while there is such a one."""
    room = Room(4)
    room.enter("known", 0.0)
    room.know("known", 1.0)
    for number in range(3):
        assert room.enter(f"stranger {number}", 2.0 + number)
    assert room.enter("new", 9.0)
    assert room.cut == ["stranger 0"]
    assert len(room.seats) == 4


def test_known_connections_make_room_for_new_ones_when_all_are_known() -> None:
    """The one that was idle for longest goes, not the one that came first."""
    room = Room(2)
    for name in ("first", "second"):
        room.enter(name, 0.0)
        room.know(name, 1.0)
    room.know("first", 2.0)
    assert room.enter("new", 3.0)
    assert room.cut == ["second"]


def test_who_works_is_not_cut_and_who_stalls_is() -> None:
    """While all are at work nobody gets in; one that has taken nothing for a second has to go."""
    room = Room(2)
    for name in ("busy", "stalled"):
        room.enter(name, 0.0)
        room.know(name, 0.0)
        room.seats.work(room.named[name])
    assert not room.enter("new", 1.0)
    room.seats.send(room.named["stalled"], 2.0)
    assert not room.enter("new", 2.9)
    assert room.enter("new", 3.0)
    assert room.cut == ["stalled"]


def test_strangers_may_have_three_places_of_four() -> None:
    """Also while there is room: a share is kept for connections that are known."""
    room = Room(8)
    for number in range(20):
        assert room.enter(f"{number}", float(number))
    assert len(room.seats) == 6
    assert room.cut == [f"{number}" for number in range(14)]


def test_leaving_twice_does_no_harm() -> None:
    """Counted out once, whatever is told of it afterwards."""
    room = Room(2)
    room.enter("one", 0.0)
    one = room.named["one"]
    room.seats.leave(one)
    room.seats.leave(one)
    room.seats.rest(one, 1.0)
    room.seats.prove(one)
    assert len(room.seats) == 0
    assert room.enter("two", 2.0)
    assert room.cut == []


@pytest.mark.parametrize(
    "peer,name",
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 5, 0, 2), "fe80::/64"),
        ("", "local"),
        (None, "local"),
    ],
)
def test_by_what_a_client_is_counted(peer: object, name: str) -> None:
    """IPv4 by its address, IPv6 by its network of 64 bits, a Unix socket as local."""
    assert name_client(peer) == name
