"""Manifests before they are applied: what Kubernetes would make of them, and what is wrong there.

`reading` takes files apart and keeps their lines, `synthesis` makes the objects that controllers
would make, `rules` are those that look at manifests alone, and `remarks` puts what judging and
routing say of it all beside the lines that say it. It opens files and asks no API server.
"""

from __future__ import annotations
