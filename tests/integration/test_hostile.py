from __future__ import annotations

from bench.crowd import CLIENTS
from bench.hostile import measure


async def test_no_scrape_is_missed_beside_hostile_clients() -> None:
    """The long run of bench/hostile.py for a few seconds: more clients than there are places."""
    assert sum(number for _, number in CLIENTS) > 512
    found, told = await measure(6.0, 20.0, ("web-shop",))
    assert found.missed == []
    assert len(found.seconds) >= 2
    assert set(told) == {client.__name__ for client, _ in CLIENTS}
    assert "200" not in told["ask_without_password"]
    assert "200" not in told["guess"]
