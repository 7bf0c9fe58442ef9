from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from exporter.cli.commands import BY_NAME
from exporter.cli.dispatch import build_parser

PLUGINS = yaml.safe_load((Path(__file__).parents[3] / "deploy/k9s/plugins.yaml").read_text())


def test_each_plugin_runs_a_command_that_there_is() -> None:
    """The line that k9s gives to sh is one that the program takes, with k9s' variables in it."""
    for name, plugin in PLUGINS["plugins"].items():
        flag, script, title, *given = plugin["args"]
        assert (plugin["command"], flag, title) == ("sh", "-c", name)
        assert plugin["scopes"] == ["services"]
        for number, variable in enumerate(given, 1):
            assert variable.startswith("$")
            script = script.replace(f"${number}", variable[1:].lower())
        _, command, *words = shlex.split(script.partition(" 2>&1")[0])
        _, unknown = build_parser(BY_NAME[command]).parse_known_args(words)
        assert not unknown


def test_plugins_have_different_keys() -> None:
    """One key starts one plugin."""
    keys = [plugin["shortCut"] for plugin in PLUGINS["plugins"].values()]
    assert len(set(keys)) == len(keys) == 2
