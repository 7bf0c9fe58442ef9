from __future__ import annotations

import re
from importlib.resources import files

import pytest

from exporter.cli.assets import read_asset

NAMES = sorted(entry.name for entry in files("exporter").joinpath("ui").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_page_is_served(name: str) -> None:
    """With its media type and its bytes."""
    asset = read_asset(name)
    assert asset is not None
    assert asset.content == files("exporter").joinpath("ui", name).read_bytes()
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    assert asset.media_type == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("name", ["", "..", "../settings.py", "nothing.js", "/etc/passwd"])
def test_nothing_else_is(name: str) -> None:
    """A name is looked up, never a path."""
    assert read_asset(name) is None


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_scripts_can_make_no_markup_out_of_values(name: str) -> None:
    """What a value could break out of is not used; modules come from the page itself."""
    asset = read_asset(name)
    assert asset is not None
    script = asset.content.decode()
    assert not re.search(
        r"innerHTML\s*=|outerHTML|insertAdjacentHTML|document\.write|eval\(", script
    )
    assert not re.search(r"https?://", script)
    for path in re.findall(r"from \"([^\"]+)\"", script):
        assert path.removeprefix("./") in NAMES
