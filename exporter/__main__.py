"""`python -m exporter`: the same as the command `kube-endpoints-exporter`."""

from __future__ import annotations

import sys

from exporter.cli import main

if __name__ == "__main__":
    sys.exit(main())
