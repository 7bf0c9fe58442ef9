from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exporter.api.errors import CredentialsError
from exporter.api.tokens import AskedToken, FixedToken, Granted, TokenFile


async def test_a_token_file_is_read_again_after_a_minute(tmp_path: Path) -> None:
    """The kubelet replaces it in time; reading it for each request would be a waste."""
    file = tmp_path / "token"
    file.write_text("  one\n")
    source = TokenFile(file)
    assert await source.authorization(1000.0) == "Bearer one"
    file.write_text("two")
    assert await source.authorization(1059.0) == "Bearer one"
    assert await source.authorization(1061.0) == "Bearer two"


async def test_a_clock_that_was_set_back_does_not_keep_an_old_token(tmp_path: Path) -> None:
    """A token read "in the future" is read again."""
    file = tmp_path / "token"
    file.write_text("one")
    source = TokenFile(file)
    await source.authorization(1000.0)
    file.write_text("two")
    assert await source.authorization(10.0) == "Bearer two"


async def test_a_dropped_token_is_read_at_once(tmp_path: Path) -> None:
    """The server refused it: what is in the file may be newer."""
    file = tmp_path / "token"
    file.write_text("one")
    source = TokenFile(file)
    await source.authorization(1000.0)
    file.write_text("two")
    source.drop()
    assert await source.authorization(1001.0) == "Bearer two"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"a\nb"])
async def test_a_file_without_a_token_keeps_the_old_one_or_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    """A volume that is being replaced is gone for a moment; at the start it is an error."""
    file = tmp_path / "token"
    file.write_text("one")
    source = TokenFile(file)
    await source.authorization(1000.0)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert await source.authorization(2000.0) == "Bearer one"
    with pytest.raises(CredentialsError) as caught:
        await TokenFile(file).authorization(2000.0)
    assert str(caught.value).startswith(f"the token file {file} ")
    assert "\n" not in str(caught.value)


async def test_a_spare_token_serves_while_the_file_gives_none(tmp_path: Path) -> None:
    """As for client-go: the file goes first, a token beside it is what is left."""
    source = TokenFile(tmp_path / "token", "spare")
    assert await source.authorization(1000.0) == "Bearer spare"
    (tmp_path / "token").write_text("filed")
    assert await source.authorization(1001.0) == "Bearer filed"


async def test_a_given_token_is_asked_for_again_before_it_expires() -> None:
    """And after the server refused it; a token without an end is good until then."""
    asked: list[float] = []

    async def ask(now: float) -> Granted:
        asked.append(now)
        return Granted(f"Bearer {len(asked)}", 1000.0 if len(asked) == 1 else None)

    source = AskedToken(ask)
    assert await source.authorization(900.0) == "Bearer 1"
    assert await source.authorization(989.0) == "Bearer 1"
    assert await source.authorization(991.0) == "Bearer 2"
    assert await source.authorization(9999.0) == "Bearer 2"
    source.drop()
    assert await source.authorization(9999.0) == "Bearer 3"
    assert asked == [900.0, 991.0, 9999.0]


async def test_many_requests_ask_once() -> None:
    """A plugin may open a browser, and a refresh token is often good for one use."""
    asked = 0

    async def ask(_now: float) -> Granted:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return Granted("Bearer x")

    source = AskedToken(ask)
    found = await asyncio.gather(*(source.authorization(0.0) for _ in range(5)))
    assert (found, asked) == (["Bearer x"] * 5, 1)


async def test_a_fixed_token_stays() -> None:
    """There is nothing else; None sends no header at all."""
    source = FixedToken("Bearer x")
    source.drop()
    assert await source.authorization(0.0) == "Bearer x"
    assert await FixedToken(None).authorization(0.0) is None
