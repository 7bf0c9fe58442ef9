from __future__ import annotations

from pathlib import Path

import pytest

from exporter.api.errors import CredentialsError
from exporter.api.tokens import FixedToken, PluginToken, TokenFile


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


async def test_a_plugin_is_asked_again_before_its_token_expires() -> None:
    """And after the server refused it; a token without an end is good until then."""
    asked = 0

    async def ask() -> tuple[str | None, float | None]:
        nonlocal asked
        asked += 1
        return f"Bearer {asked}", None

    source = PluginToken(ask, ("Bearer 0", 1000.0))
    assert await source.authorization(930.0) == "Bearer 0"
    assert await source.authorization(941.0) == "Bearer 1"
    assert await source.authorization(9999.0) == "Bearer 1"
    source.drop()
    assert await source.authorization(9999.0) == "Bearer 2"
    assert await source.authorization(9999.0) == "Bearer 2"


async def test_a_fixed_token_stays() -> None:
    """There is nothing else; None sends no header at all."""
    source = FixedToken("Bearer x")
    source.drop()
    assert await source.authorization(0.0) == "Bearer x"
    assert await FixedToken(None).authorization(0.0) is None
