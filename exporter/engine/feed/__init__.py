"""One resource from the API server to the core: followed for ever, or read once.

It does what the reflector orders and tells it what came of it; it decides nothing about the
protocol and keeps no objects: changes leave through a callback.
"""

from exporter.engine.feed.following import follow
from exporter.engine.feed.lists import Lists
from exporter.engine.feed.once import list_once
from exporter.engine.feed.status import FeedStatus, Telemetry, Unmeasured

__all__ = ["FeedStatus", "Lists", "Telemetry", "Unmeasured", "follow", "list_once"]
