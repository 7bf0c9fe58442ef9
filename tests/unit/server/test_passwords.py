from __future__ import annotations

from base64 import b64encode

import pytest

from exporter.server.auth import Asked, Passwords, compare

USERS = {name: f"$2b${cost:02d}${name[0] * 53}" for name, cost in (("a", 4), ("b", 10), ("c", 12))}


class Counting:
    """Stands for bcrypt: knows one right password, and counts the work of its hashes."""

    def __init__(self, right: bytes = b"right") -> None:
        self.right = right
        self.work = 0

    def __call__(self, password: bytes, digest: bytes) -> bool:
        """Whether it is the right one for a hash of a user."""
        self.work += 2 ** int(digest.split(b"$")[2])
        return password == self.right and b"." not in digest


@pytest.mark.parametrize("user", ["a", "b", "c", "nobody", ""])
def test_a_wrong_password_costs_the_same_for_everybody(user: str) -> None:
    """As much work as the costliest hash, whether there is such a user or not."""
    check = Counting()
    assert compare(check, USERS, user, "wrong") is False
    assert check.work == 2**12


def asked(user: str, password: str) -> Asked:
    """A request with a password."""
    header = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
    return Asked("GET", "/", header, "192.0.2.1")


async def test_what_was_right_is_not_computed_again_after_a_reload() -> None:
    """As long as the user's hash is the same; a changed hash, or a user that went, asks anew."""
    check = Counting()
    gate = Passwords(USERS, check)
    assert await gate.refuse(asked("a", "right")) is None
    gate.change({**USERS, "d": USERS["c"]})
    before = check.work
    assert await gate.refuse(asked("a", "right")) is None
    assert check.work == before
    gate.change({"a": USERS["b"]})
    assert await gate.refuse(asked("a", "right")) is None
    assert check.work > before
    gate.change({"b": USERS["b"]})
    refused = await gate.refuse(asked("a", "right"))
    assert refused is not None
    assert refused.status == 401
