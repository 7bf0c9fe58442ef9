"""What a failure is, and what is done about it: one table for lists, streams and watches.

The rows are what can go wrong, the columns what was asked. It sends nothing and counts nothing;
`step` carries a verdict out.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from exporter.reflector.values import Failure, FailureKind, List, Watch


class Fault(StrEnum):
    """What went wrong, told apart as far as anything is done differently."""

    EXPIRED = "expired"  # the version or the token is too old, or too new for this server
    NEWEST_EXPIRED = "newest-expired"  # so is whatever is newest: the server contradicts itself
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    ABSENT = "absent"  # 404
    UNSUPPORTED = "unsupported"  # what servers answer that list but don't watch
    THROTTLED = "throttled"  # 429
    PASSING = "passing"  # 5xx with the wish to be asked later
    REFUSED = "refused"  # nobody listens: a server that restarts
    BROKEN = "broken"  # no connection, or half an answer
    CREDENTIALS = "credentials"  # nothing to ask with
    OTHER = "other"


class Asked(StrEnum):
    """What was under way."""

    FIRST = "first page"
    FURTHER = "further page"
    STREAM = "stream"  # a watch that begins with all objects
    WATCH = "watch"
    OPEN = "open watch"  # an ERROR among its frames

    @property
    def lists(self) -> bool:
        """Whether it is counted as a list."""
        return self not in (Asked.WATCH, Asked.OPEN)


class Move(StrEnum):
    """What is done. All but the ones said to come at once rest first, longer each time."""

    SAME = "same"  # the same request again
    PATIENT = "patient"  # the same, ten times; then a list from its beginning
    OVER = "over"  # a full list
    ANEW = "anew"  # a token just replaced: read anew, the same at once; after that it rests
    NEWEST = "newest"  # the same at once, of whatever version is newest
    WHOLE = "whole"  # at once: what was asked first, without pages
    PAGES = "pages"  # at once: ordinary lists, for good
    DENIED = "denied"  # a list once more; then nothing may be concluded from the resource
    UNWATCHABLE = "unwatchable"  # a refused watch once more; then lists, or a rest


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What is done, and the word under which the end of a list or a watch is counted."""

    move: Move
    word: str


#: What is done, by what was asked; then what is counted: of lists and streams, watches, open ones.
#:
#: A dead token's answer may offer one that continues with other versions: those pages would not
#: fit together, hence `whole`. Pages that came stay good for minutes: `patient` costs one page,
#: not all. When a server restarts, what is known is still good, and it must not be listed by
#: everyone at once when it is back: `same`. A stream that fails in a way that may be the
#: parameter's fault (422; 403 may be of the watch alone) ends in `pages`: a list tells.
_TABLE = """
                first    further  stream  watch        open   list          watch         open
expired         newest   whole    newest  over         over   gone          gone          gone
newest-expired  over     over     pages   over         over   gone          gone          gone
unauthorized    anew     anew     anew    anew         over   unauthorized  unauthorized  error
forbidden       denied   denied   pages   unwatchable  over   forbidden     forbidden     error
absent          denied   denied   pages   over         over   absent        error         error
unsupported     over     over     pages   unwatchable  over   error         unsupported   error
throttled       patient  patient  same    same         same   error         throttled     throttled
passing         patient  patient  same    same         over   error         throttled     error
refused         over     over     same    same         over   error         refused       error
broken          over     patient  pages   over         over   error         error         error
credentials     over     over     same    over         over   error         error         error
other           over     over     pages   over         over   error         error         error
"""


def _read(table: str) -> dict[tuple[Fault, Asked], Verdict]:
    found = {}
    for row in table.splitlines()[2:]:
        fault, *cells = row.split()
        moves, (listed, watched, opened) = cells[:5], cells[5:]
        words = (listed, listed, listed, watched, opened)
        for asked, move, word in zip(Asked, moves, words, strict=True):
            found[Fault(fault), asked] = Verdict(Move(move), word)
    return found


_UNSUPPORTED = frozenset({400, 405, 406, 422, 501})
_CODES = {401: Fault.UNAUTHORIZED, 403: Fault.FORBIDDEN, 404: Fault.ABSENT, 429: Fault.THROTTLED}
_KINDS = {
    FailureKind.REFUSED: Fault.REFUSED,
    FailureKind.BROKEN: Fault.BROKEN,
    FailureKind.CREDENTIALS: Fault.CREDENTIALS,
}


def asked_by(order: List | Watch) -> Asked:
    """What an order asks the server for."""
    if isinstance(order, Watch):
        return Asked.STREAM if order.initial else Asked.WATCH
    return Asked.FURTHER if order.token else Asked.FIRST


def fault_of(failure: Failure, order: List | Watch) -> Fault:
    """What went wrong with an order."""
    if failure.expired:
        newest = order.resource_version == ""
        return Fault.NEWEST_EXPIRED if newest else Fault.EXPIRED
    if failure.code in _CODES:
        return _CODES[failure.code]
    if failure.code in _UNSUPPORTED:
        return Fault.UNSUPPORTED
    if failure.passing:
        return Fault.PASSING
    return _KINDS.get(failure.kind, Fault.OTHER)


VERDICTS = _read(_TABLE)
