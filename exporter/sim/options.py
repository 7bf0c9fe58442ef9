"""The query of a list or a watch: parsed and checked as a real API server does.

Sources: apimachinery pkg/apis/meta/internalversion (validation, defaults), apiserver
pkg/storage/continue.go. It never reads the store.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Mapping

import msgspec

from exporter.sim.resources import Resource
from exporter.sim.selectors import Selector, SelectorError, matches, parse_fields, parse_labels
from exporter.sim.status import StatusError, bad_request, invalid_options
from exporter.sim.table import Entry

EXACT = "Exact"
NOT_OLDER_THAN = "NotOlderThan"
_FORBIDDEN = "FieldValueForbidden"


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for; `version` and `match` as they were sent."""

    watch: bool = False
    labels: Selector = ()
    fields: Selector = ()
    version: str = ""
    match: str = ""
    limit: int = 0
    token: str = ""
    timeout: float = 0.0
    bookmarks: bool = False
    send_initial_events: bool | None = None

    def selects(self, entry: Entry) -> bool:
        """True when the entry passes both selectors."""
        return matches(self.labels, entry.labels) and matches(self.fields, entry.fields)

    @property
    def number(self) -> int:
        """The resourceVersion as a number; 0 for none."""
        return int(self.version or 0)

    @property
    def exact(self) -> bool:
        """True when exactly this version is asked for.

        Also the old rule: a limit with a version and without a match means Exact
        (apiserver pkg/storage/cacher/delegator/interface.go:50-53).
        """
        if self.match == EXACT:
            return True
        return not self.match and not self.token and self.limit > 0 and self.number > 0

    @property
    def watch_list(self) -> bool:
        """True when the stream begins with the whole state and a bookmark that ends it."""
        return self.watch and self.send_initial_events is True and self.bookmarks


class Token(msgspec.Struct, frozen=True):
    """A continue token: at which version, from which key on; version -1 means 'now'."""

    v: str
    rv: int
    start: str


def encode_token(version: int, start: str) -> str:
    """Return the continue token that goes on at the key `start`."""
    raw = msgspec.json.encode(Token("meta.k8s.io/v1", version, start))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_token(text: str) -> Token:
    """Return what a continue token says; StatusError 400 when it is none."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        token = msgspec.json.decode(raw, type=Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as e:
        raise StatusError(
            bad_request(f"invalid continue token: continue key is not valid: {e}")
        ) from None
    cleaned = posixpath.normpath("/" + token.start.lstrip("/"))
    if (
        token.v != "meta.k8s.io/v1"
        or not token.rv
        or not token.start
        or cleaned != "/" + token.start.lstrip("/")
    ):
        raise StatusError(bad_request("invalid continue token: continue key is not valid"))
    return token


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    """Go reads everything but `false` and `0` as true."""
    return None if name not in query else query[name] not in ("false", "0")


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise StatusError(
            bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        ) from None


def parse_options(
    query: Mapping[str, str], resource: Resource, *, watch_list: bool = True
) -> ListOptions:
    """Read the query of a request; StatusError 400 or 422 for what a server refuses.

    `watch_list` is the feature gate WatchList: when it is on, a watch from ""/"0" is defaulted to
    `sendInitialEvents=true`; when it is off, asking for it is refused.
    """
    watch = bool(_flag(query, "watch"))
    version = query.get("resourceVersion", "")
    match = query.get("resourceVersionMatch", "")
    initial = _flag(query, "sendInitialEvents")
    if watch and watch_list and initial is None and not match and version in ("", "0"):
        initial, match = True, NOT_OLDER_THAN
    if watch:
        errors = _watch_faults(match, initial=initial, watch_list=watch_list)
    else:
        errors = _list_faults(version, match, query.get("continue", ""), initial=initial)
    if errors:
        raise StatusError(invalid_options(errors))
    if version and not (version.isascii() and version.isdigit()):
        raise StatusError(
            bad_request(f'invalid resource version: strconv.ParseUint: parsing "{version}"')
        )
    try:
        labels = parse_labels(query.get("labelSelector", ""))
        fields = parse_fields(query.get("fieldSelector", ""), resource.selectable)
    except SelectorError as e:
        raise StatusError(bad_request(str(e))) from None
    return ListOptions(
        watch=watch,
        labels=labels,
        fields=fields,
        version=version,
        match=match,
        limit=max(0, _number(query, "limit")),
        token=query.get("continue", ""),
        timeout=float(max(0, _number(query, "timeoutSeconds"))),
        bookmarks=bool(_flag(query, "allowWatchBookmarks")),
        send_initial_events=initial,
    )


_Faults = list[tuple[str, str, str]]


def _forbid(field: str, text: str) -> tuple[str, str, str]:
    return (_FORBIDDEN, field, f"Forbidden: {text}")


def _watch_faults(match: str, *, initial: bool | None, watch_list: bool) -> _Faults:
    """Every rule that the options of a watch break: (cause, field, message)."""
    out: _Faults = []
    if initial is None:
        if match:
            text = (
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            )
            out.append(_forbid("resourceVersionMatch", text))
        return out
    if match != NOT_OLDER_THAN:
        text = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"
        out.append(_forbid("resourceVersionMatch", text))
    if not watch_list:
        text = (
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
        )
        out.append(_forbid("sendInitialEvents", text))
    return out


def _list_faults(version: str, match: str, token: str, *, initial: bool | None) -> _Faults:
    """Every rule that the options of a list break: (cause, field, message)."""
    out: _Faults = []
    field = "resourceVersionMatch"
    if match and not version:
        out.append(_forbid(field, f"{field} is forbidden unless resourceVersion is provided"))
    if match and token:
        out.append(_forbid(field, f"{field} is forbidden when continue is provided"))
    if match not in ("", EXACT, NOT_OLDER_THAN):
        text = f'Unsupported value: "{match}": supported values: "{EXACT}", "{NOT_OLDER_THAN}", ""'
        out.append(("FieldValueNotSupported", field, text))
    if match == EXACT and version == "0":
        out.append(_forbid(field, f'{field} "exact" is forbidden for resourceVersion "0"'))
    if initial is not None:
        out.append(_forbid("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return out
