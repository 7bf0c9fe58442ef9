"""Services that the user chose to ignore, as if their annotation said so."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from exporter.objects.selectors import LabelSelector
from exporter.objects.services import Service


class IgnoreRule(msgspec.Struct, frozen=True):
    """Which Services are ignored: by namespace, name (both may have `*` and `?`) and labels.

    `text` is the rule as the user wrote it.
    """

    namespace: str
    name: str
    selector: LabelSelector = LabelSelector()
    text: str = ""

    def __hash__(self) -> int:
        return hash(self.text)

    def covers(self, service: Service) -> bool:
        """Whether it is about this Service."""
        return (
            fnmatchcase(service.name, self.name)
            and fnmatchcase(service.namespace, self.namespace)
            and self.selector.matches(service.labels)
        )
