"""The query parameters of what the reflector orders, as the API spells them."""

from __future__ import annotations

from exporter.reflector import List, Plan, Watch


def list_parameters(plan: Plan, order: List) -> dict[str, str]:
    """Of a page. What an order leaves out is left out: "" is a version, None is none."""
    found = _selectors(plan)
    if order.resource_version is not None:
        found["resourceVersion"] = order.resource_version
    if order.limit is not None:
        found["limit"] = str(order.limit)
    if order.token:
        found["continue"] = order.token
    return found


def watch_parameters(plan: Plan, order: Watch) -> dict[str, str]:
    """Of a watch, or of one that begins with all objects (WatchList)."""
    found = _selectors(plan) | {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": order.resource_version,
        "timeoutSeconds": str(order.timeout),
    }
    if order.initial:
        found |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    return found


def _selectors(plan: Plan) -> dict[str, str]:
    found = {"labelSelector": plan.label_selector, "fieldSelector": plan.field_selector}
    return {name: text for name, text in found.items() if text}
