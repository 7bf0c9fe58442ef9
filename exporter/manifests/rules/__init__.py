"""Rules that look at manifests alone; each gives remarks and knows nothing of the others."""

from __future__ import annotations
