"""Who may do what: bearer tokens and what they are denied.

Both can be changed while the server runs. It never reads requests itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.sim.resources import resource_named

USER = "system:serviceaccount:monitoring:kube-endpoints-exporter"


class Deny(msgspec.Struct, frozen=True):
    """What RBAC doesn't grant.

    `resource` is a plural, a kind or `*`; `verb` is get, list, watch or `*`; `scope` is `*`, a
    namespace, or `cluster` for requests over all namespaces (a Role instead of a ClusterRole).
    """

    resource: str = "*"
    verb: str = "*"
    scope: str = "*"

    def covers(self, plural: str, verb: str, namespace: str) -> bool:
        """True when the request is denied by this rule."""
        if self.resource != "*" and resource_named(self.resource).plural != plural:
            return False
        return self.verb in ("*", verb) and self.scope in ("*", namespace or "cluster")


class Access:
    """Valid tokens and denials. Without tokens everyone is let in."""

    def __init__(self, tokens: Iterable[str] = (), denied: Iterable[Deny] = ()) -> None:
        self.tokens = set(tokens)
        self.denied = list(denied)

    def knows(self, authorization: str) -> bool:
        """True when the Authorization header holds a valid token, or none is needed."""
        if not self.tokens:
            return True
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and token.strip() in self.tokens

    def denies(self, plural: str, verb: str, namespace: str) -> bool:
        """True when some rule denies the request."""
        return any(rule.covers(plural, verb, namespace) for rule in self.denied)

    def deny(self, *rules: Deny) -> None:
        """Take permissions away; running watches go on, as with a real server."""
        self.denied += rules

    def allow(self, *rules: Deny) -> None:
        """Give back what exactly these rules took away."""
        self.denied = [rule for rule in self.denied if rule not in rules]
