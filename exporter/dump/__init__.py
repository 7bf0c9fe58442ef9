"""Objects out of files: what kubectl prints, and what support tools gather in folders.

No API server is ever contacted.

`read_dump` takes bytes; `read_dumps` takes names of files, folders and archives.
"""

from __future__ import annotations

from exporter.dump.errors import DumpError
from exporter.dump.holding import Dump, Found
from exporter.dump.reading import read_dump
from exporter.dump.sources import SourceError, name_source, read_dumps

__all__ = ["Dump", "DumpError", "Found", "SourceError", "name_source", "read_dump", "read_dumps"]
