"""The settings of the program, as data: declared once, read from flags, environment and file.

Only the composition root imports this; every other part takes plain values.
"""

from __future__ import annotations

from exporter.config.changing import change, is_read_alike, may_change
from exporter.config.declaration import ENV_PREFIX, Setting
from exporter.config.loading import (
    SettingsError,
    add_flags,
    describe_unknown_flags,
    find_file,
    load_settings,
)
from exporter.config.markdown import render_configuration_markdown
from exporter.config.settings import SETTINGS, Settings

__all__ = [
    "ENV_PREFIX",
    "SETTINGS",
    "Setting",
    "Settings",
    "SettingsError",
    "add_flags",
    "change",
    "describe_unknown_flags",
    "find_file",
    "is_read_alike",
    "load_settings",
    "may_change",
    "render_configuration_markdown",
]
