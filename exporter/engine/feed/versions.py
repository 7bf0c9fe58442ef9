"""Which version of a resource to ask for, where a server may serve one of several."""

from __future__ import annotations

from exporter.api.errors import AbsentError, ApiError


class Versions:
    """The paths of a resource, one for each version; `path` is the one in use."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = paths
        self._tried: set[str] = set()
        self.path = paths[0]

    def found(self) -> None:
        """The server serves this one."""
        self._tried.clear()

    def turn(self, error: ApiError) -> bool:
        """Takes the next version after a 404; False when all were tried, or it was no 404.

        A new round begins with the first: what a server comes to serve later is likely the newest.
        """
        self._tried.add(self.path)
        left = [path for path in self._paths if path not in self._tried]
        if isinstance(error, AbsentError) and left:
            self.path = left[0]
            return True
        if isinstance(error, AbsentError):
            self.path = self._paths[0]
        self._tried.clear()
        return False
